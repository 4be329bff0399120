"""A worker's first minutes: too many dead letters stop it, a few never do."""

from typing import Any

import pytest

from schemas.records import Reason
from schemas.settings import Limits
from stream.core.ids import Origin
from stream.core.outputs import Output, Refused, dead_letter
from stream.runtime.dead_share import LEAST, DeadShare, TooManyDeadError

ORIGIN = Origin("acme.web", 3, 17)


def dead(number: int, reason: Reason = "invalid") -> list[tuple[Reason, Output]]:
    refused = Refused(ORIGIN, 1_772_323_200_000, b"lead-1", b"{}", [("__connect.errors.topic", b"another")])
    return [(reason, dead_letter("leadpulse", refused, reason, "no field `id`", 1_000_000))] * number


def limits(**changes: Any) -> Limits:
    return Limits.model_validate(changes)


def test_more_than_the_share_stops_it_and_says_why() -> None:
    watch = DeadShare(limits(dead_share=0.2))
    watch.watch(LEAST - 20, dead(10))
    watch.watch(20, dead(10, "malformed"))  # a fifth is not more than a fifth
    with pytest.raises(TooManyDeadError) as stopped:
        watch.watch(1, dead(1))
    told = str(stopped.value)
    assert told.startswith("21 of the first 101 records cannot be used (invalid 11, malformed 10; ")
    assert "acme.web, partition 3, offset 17: no field `id`" in told
    assert "no record is lost" in told


def test_of_few_records_a_share_says_nothing() -> None:
    watch = DeadShare(limits())
    watch.watch(LEAST - 1, dead(LEAST - 1))
    with pytest.raises(TooManyDeadError):
        watch.watch(1, [])


def test_after_the_window_it_lets_them_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1_000.0]
    monkeypatch.setattr("stream.runtime.dead_share.time.monotonic", lambda: now[0])
    watch = DeadShare(limits(dead_window="60s"))
    watch.watch(1, [])
    now[0] += 61
    watch.watch(10 * LEAST, dead(10 * LEAST))


def test_without_a_share_it_lets_them_pass() -> None:
    DeadShare(limits(dead_share=None)).watch(10 * LEAST, dead(10 * LEAST))
