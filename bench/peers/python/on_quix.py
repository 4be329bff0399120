"""The reference job on Quix Streams: exactly-once, state in RocksDB with a changelog, everything else as it ships."""

import sys
from pathlib import Path
from typing import Any

from job import Scoring
from quixstreams import Application, State


def main(bootstrap: str, source: str, changes: str, model: Path, job: Path, state: Path, name: str) -> None:
    """Runs until it is stopped."""
    scoring = Scoring(model, job)
    app = Application(
        bootstrap,
        consumer_group=name,
        auto_offset_reset="earliest",
        processing_guarantee="exactly-once",
        state_dir=state,
        loglevel="WARNING",
    )
    calls = app.topic(source, key_deserializer="bytes", value_deserializer="bytes")
    told = app.topic(changes, key_serializer="bytes", value_serializer="bytes")

    def scored(value: bytes, kept: State) -> bytes | None:
        before = kept.get_bytes("lead")
        lead, change = scoring.step(scoring.decode_state(before) if before else None, value)
        kept.set_bytes("lead", scoring.encode_state(lead))
        return scoring.encode_change(change) if change else None

    stream: Any = app.dataframe(calls).apply(scored, stateful=True)
    stream.filter(lambda change: change is not None).to_topic(told)
    app.run()


if __name__ == "__main__":
    servers, source, changes, *files, name = sys.argv[1:]
    main(servers, source, changes, *map(Path, files), name)
