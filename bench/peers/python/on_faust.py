"""The reference job on stock Faust: its own consumer and producer, a table on RocksDB with its changelog."""

import sys
from pathlib import Path

import mode.loop

# As `faust -L uvloop` does: before anything of Faust is imported.
mode.loop.use("uvloop")

import faust  # noqa: E402
from job import Scoring  # noqa: E402


def main(
    bootstrap: str,
    source: str,
    changes: str,
    model: Path,
    job: Path,
    state: Path,
    name: str,
    partitions: int,
    guarantee: str,
) -> None:
    """Runs until it is stopped."""
    scoring = Scoring(model, job)
    app = faust.App(
        name,
        broker=f"kafka://{bootstrap}",
        store="rocksdb://?driver=rocksdict",
        datadir=state,
        processing_guarantee=guarantee,
        consumer_auto_offset_reset="earliest",
        topic_partitions=partitions,
        topic_disable_leader=True,
        web_enabled=False,
    )
    calls = app.topic(source, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw")
    told = app.topic(changes, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw")
    leads = app.Table("leads", partitions=partitions, key_type=bytes, value_type=bytes)

    @app.agent(calls)
    async def score(stream: faust.StreamT[bytes]) -> None:
        async for key, value in stream.items():
            before = leads.get(key)
            lead, change = scoring.step(scoring.decode_state(before) if before else None, value)
            leads[key] = scoring.encode_state(lead)
            if change is not None:
                await told.send(key=key, value=scoring.encode_change(change))

    faust.Worker(app, loglevel="WARNING", quiet=True).execute_from_commandline()


if __name__ == "__main__":
    servers, source, changes, *files, name, partitions, guarantee = sys.argv[1:]
    main(servers, source, changes, *map(Path, files), name, int(partitions), guarantee)
