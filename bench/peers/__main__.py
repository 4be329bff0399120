"""`python -m bench.peers`: the other stream processors on the reference job, into `peers` of build/bench.json."""

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from bench.chart import chart
from bench.cores import BROKER_HEAP, take_harness_core
from bench.generator import Traffic, calls
from bench.peers import PEERS
from bench.peers.measure import KEPT, Bench, PeerStuckError, examine
from bench.peers.process import PeerError
from bench.progress import Progress
from bench.reference import VERIFIED, reference
from bench.site import PARTITIONS, create_topics, fill
from tests.brokers.local_kafka import LocalKafka

FILE: Final = Path("build/bench.json")


def main() -> int:
    """Returns 0 where each peer asked for ran and did the job right."""
    parser = argparse.ArgumentParser(prog="python -m bench.peers", description=__doc__)
    names = [engine.name for engine in PEERS]
    parser.add_argument("peers", nargs="*", metavar="PEER", help=f"of {', '.join(names)}; all of them by default")
    parser.add_argument("--seconds", type=float, default=45, help="to watch each, after it is warm (45)")
    parser.add_argument("--events", type=int, default=Traffic().events, help="in the backlog")
    arguments = parser.parse_args()
    if unknown := set(arguments.peers) - set(names):
        parser.error(f"no such peer: {', '.join(sorted(unknown))}")
    take_harness_core()
    progress = Progress()
    good = True
    with LocalKafka(heap=BROKER_HEAP) as kafka, tempfile.TemporaryDirectory(prefix="leadpulse-peers-") as folder:
        bench = prepare(kafka.bootstrap, Path(folder), Traffic(events=arguments.events), progress)
        for engine in PEERS:
            if arguments.peers and engine.name not in arguments.peers:
                continue
            found: dict[str, Any]
            try:
                if reason := engine.missing():
                    raise PeerError(reason)
                found = examine(engine, bench, arguments.seconds)
            except (PeerError, PeerStuckError) as error:
                progress.result(f"{engine.name}: {error}")
                found = {"events_per_second_per_core": None, "version": engine.version}
                found |= {"verified": False, "wrong": [str(error).splitlines()[0]]}
            good = good and found["verified"]
            record(engine.name, found)
    return 0 if good else 1


def prepare(bootstrap: str, folder: Path, traffic: Traffic, progress: Progress) -> Bench:
    """The files for the peers, and both logs in Kafka."""
    progress.step("the model")
    job = reference(Path("build/bench/models"))
    job.write_for_peers(folder)
    verified = list(calls(VERIFIED))
    progress.step("what the oracle wants")
    wanted = job.expected([call.value for call in verified])
    create_topics(bootstrap, {"verified": (PARTITIONS, KEPT), "backlog": (PARTITIONS, KEPT)})
    fill(bootstrap, "verified", iter(verified))
    progress.step(f"{traffic.events:,} events into Kafka")
    size = fill(bootstrap, "backlog", calls(traffic))
    return Bench(
        bootstrap,
        folder,
        folder / "model.onnx",
        folder / "job.json",
        ("verified", len(verified)),
        ("backlog", size),
        wanted,
        progress,
    )


def record(name: str, found: dict[str, Any]) -> None:
    """Puts the peer's entry into build/bench.json, leaves the rest of it alone, and draws the chart anew."""
    content = json.loads(FILE.read_text()) if FILE.exists() else {}
    content.setdefault("peers", {})[name] = found
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(json.dumps(content, indent=1) + "\n")
    if "growth" in content:  # a whole report of `make bench`
        FILE.with_suffix(".svg").write_text(chart(content))


if __name__ == "__main__":
    sys.exit(main())
