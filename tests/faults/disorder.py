"""Rows 11 and 12: events that come again, late and in any order, and clocks that are wrong."""

import random
from pathlib import Path
from typing import Final

from schemas.times import DAY, HOUR, MINUTE, format_time
from tests.faults.load import Injected, good
from tests.faults.poison import Spoil, spoilt
from tests.faults.stage import Conditions, Played, Stage
from tests.integration.topics import Sent
from tests.integration.traffic import Arrival, traffic, wire

RATE: Final = 2_500
WEEK: Final = 7 * DAY
YEAR: Final = 365 * DAY
_FAKETIME: Final = ("libfaketime.so.1", "libfaketimeMT.so.1")
_LIBRARIES: Final = (Path("/usr/lib"), Path("/usr/local/lib"))
_OTHER_CLOCK: Final = """\
import time

_time, _time_ns = time.time, time.time_ns
time.time = lambda: _time() + {seconds}
time.time_ns = lambda: _time_ns() + int({seconds} * 1e9)
"""


def thrice_shuffled_and_late(given: Conditions) -> Played:
    """Every record three times, each copy up to an hour late, one in twenty a week late as well."""
    choose = random.Random(11)
    with Stage(given, "disorder") as stage:
        arrivals = []
        for each in traffic(seed=11, leads=given.choose(4_000, 800), events=given.choose(30_000, 4_000)):
            for _ in range(3):
                late = choose.randrange(HOUR) + (WEEK if choose.random() < 0.05 else 0)
                arrivals.append(Arrival(each.event, each.event["time"] + late))
        arrivals.sort(key=lambda each: each.timestamp)
        worker = stage.worker()
        worker.start_ready()
        stage.load(good(stage.topic, arrivals), RATE).finish()
        stage.recover(worker)
        stage.settle(worker)
        again = stage.watch.grown("leadpulse_events_total", verdict="duplicate")
        expected = stage.judge()
        verdicts = list(expected.verdicts.values())
        stage.findings.require(
            again == verdicts.count("duplicate"), f"{again:g} repetitions seen, {verdicts.count('duplicate')} sent"
        )
        stage.findings.note(f"of {len(verdicts)} records {verdicts.count('late')} were too late")
        stage.shows("leadpulse_events_total duplicate", again, again > len(verdicts) / 2)
        return stage.verdict()


def wrong_clocks(given: Conditions) -> Played:
    """Events and records stamped 1970 and next year, producers an hour off, and a worker's host an hour off."""
    with Stage(given, "clocks") as stage:
        worker = stage.worker()
        arrivals = traffic(seed=12, leads=given.choose(3_000, 800), events=given.choose(30_000, 6_000))
        records = _stamped_wrongly(stage.topic, arrivals)
        third = len(records) // 3
        clocks = (HOUR, -HOUR, 0)
        how = ""
        for number, ahead in enumerate(clocks):
            environment, how = clock_off(ahead, given.directory)
            worker.start(environment)
            worker.wait_ready()
            stage.load(records[number * third : (number + 1) * third], RATE).finish()
            stage.recover(worker)
            if number < 2:
                worker.stop()
        stage.settle(worker)
        future = stage.watch.grown("leadpulse_dead_letters_total", reason="future")
        invalid = stage.watch.grown("leadpulse_dead_letters_total", reason="invalid")
        stage.findings.note(f"the worker's host an hour ahead, then an hour behind, by {how}")
        stage.findings.require(invalid > 0, "no stamp of 1970 was refused")
        stage.shows("leadpulse_dead_letters_total future", future, future > 0)
        return stage.played()


def _stamped_wrongly(topic: str, arrivals: list[Arrival]) -> list[Injected]:
    """Among good records, each kind of wrong stamp once in every forty records."""
    records = good(topic, arrivals)
    for place, each in enumerate(arrivals):
        kind = place % 40
        if kind == 0:  # a device without a clock
            records[place] = spoilt(topic, each, "invalid", _with_time(b"1970-01-01T00:00:00.000Z"))
        elif kind == 10:  # a device whose clock is a year ahead, through a collector whose clock is right
            records[place] = spoilt(topic, each, "future", _ahead_of_its_record(YEAR))
        elif kind == 20:  # an hour ahead
            records[place] = spoilt(topic, each, "future", _ahead_of_its_record(HOUR))
        elif kind == 30:  # a collector whose own clock is an hour off: its records are, and the event is what it is
            ahead = HOUR if place % 80 == 30 else -9 * MINUTE
            records[place] = Injected(records[place].record._replace(timestamp=each.timestamp + ahead), each.event)
        elif kind == 35 and place % 200 == 35:  # a broker or collector that stamps 1970: the event's own time counts
            records[place] = Injected(records[place].record._replace(timestamp=1), each.event)
    return records


def _with_time(stamp: bytes) -> Spoil:
    def spoil(record: Sent, each: Arrival) -> Sent:
        return record._replace(value=(record.value or b"").replace(format_time(each.event["time"]).encode(), stamp))

    return spoil


def _ahead_of_its_record(by: int) -> Spoil:
    return lambda record, each: record._replace(value=wire({**each.event, "time": each.timestamp + by}))


def clock_off(ahead: int, directory: Path) -> tuple[dict[str, str], str]:
    """The environment in which a process sees a clock that is so many milliseconds ahead, and how that is done.

    By libfaketime where it is installed, for the whole process; else for what the process' own Python reads as the
    time of day, which leaves the Kafka client's clock alone.
    """
    found = [path for root in _LIBRARIES for name in _FAKETIME for path in root.glob(f"**/faketime/{name}")]
    if found:
        own = {"LD_PRELOAD": str(found[0]), "FAKETIME": f"{ahead // 1000:+d}s", "DONT_FAKE_MONOTONIC": "1"}
        return own, found[0].name
    folder = directory / f"clock{ahead:+d}"
    folder.mkdir(exist_ok=True)
    (folder / "sitecustomize.py").write_text(_OTHER_CLOCK.format(seconds=ahead / 1000), encoding="ascii")
    return {"PYTHONPATH": str(folder)}, "a time.time of its own"
