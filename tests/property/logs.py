"""Generated event logs of a lead: how events lie in time, in which order they arrive, how batches are cut."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from hypothesis import strategies as st

FIVE: Final = 300_000
HOUR: Final = 3_600_000
DAY: Final = 86_400_000

BEGIN: Final = 1_767_225_600_000
"""2026-01-01T00:00:00Z, a boundary of every tile."""

WEEK: Final = 7 * DAY

Raw = dict[str, Any]

# Distances at which tiles, windows and horizons begin and end.
_NEAR: Final = (0, 0, 1, FIVE - 1, FIVE, HOUR - 1, HOUR, HOUR + 1)
_FAR: Final = (
    12 * HOUR - 1, 12 * HOUR, 12 * HOUR + 1, DAY, 192 * HOUR, 193 * HOUR, 12 * DAY - 1, 12 * DAY, 12 * DAY + 1,
    28 * DAY, 92 * DAY, 93 * DAY + 1,
)  # fmt: skip
_DENSE: Final = st.one_of(st.sampled_from(_NEAR), st.integers(0, HOUR))
_MIXED: Final = st.one_of(_DENSE, _DENSE, _DENSE, st.integers(0, 2 * DAY), st.sampled_from(_FAR))
_WIDE: Final = st.one_of(st.sampled_from(_FAR), st.integers(0, 20 * DAY))
GAPS: Final = st.one_of(_DENSE, _MIXED, _WIDE)
_SNAPS: Final = st.sampled_from(((1, 0), (1, 0), (FIVE, 0), (HOUR, 0), (DAY, 0), (FIVE, 1), (HOUR, 1), (DAY, 1)))
_DELAYS: Final = st.one_of(st.just(0), st.integers(0, 2 * HOUR), st.integers(0, WEEK), st.just(WEEK))


class Words(NamedTuple):
    """What events are made of: (type, name) pairs, paths of web events, properties, fields of profile events."""

    names: Sequence[tuple[str, str]]
    paths: Sequence[str]
    properties: st.SearchStrategy[dict[str, Any]]
    fields: st.SearchStrategy[dict[str, Any]]


@st.composite
def logs(draw: st.DrawFn, words: Words, most: int = 40, lead: str = "lead-1") -> list[Raw]:
    """Events of one lead in order of time, each with an id of its own."""
    length = draw(st.integers(1, most))
    gaps = draw(st.sampled_from((_DENSE, _MIXED, _MIXED, _WIDE)))
    steps = draw(st.lists(st.tuples(gaps, _SNAPS), min_size=length, max_size=length))
    now = BEGIN + draw(st.integers(0, DAY))
    times = []
    for gap, (tile, before) in steps:
        now += gap
        # Exactly on the edge of a tile, or a millisecond before it.
        times.append(-(-now // tile) * tile - before)
    return [draw(events(words, f"{lead}-{i}", lead, time)) for i, time in enumerate(sorted(times))]


@st.composite
def events(draw: st.DrawFn, words: Words, identifier: str, lead: str, time: int) -> Raw:
    """One event at this time."""
    channel, name = draw(st.sampled_from(words.names))
    return {
        "id": identifier,
        "lead": lead,
        "time": time,
        "type": channel,
        "name": name,
        "path": draw(st.sampled_from(words.paths)) if channel == "web" else "",
        "properties": draw(words.fields if channel == "profile" else words.properties),
    }


@st.composite
def arrivals(draw: st.DrawFn, log: Sequence[Raw], repeats: int = 3) -> list[Raw]:
    """The log in an order of arrival: every event delayed by up to a week, some of them sent again."""
    places = list(range(len(log)))
    places += draw(st.lists(st.sampled_from(places), max_size=repeats))
    late = [(log[place]["time"] + draw(_DELAYS), turn, place) for turn, place in enumerate(places)]
    return [log[place] for _, _, place in sorted(late)]


@st.composite
def batches(draw: st.DrawFn, log: Sequence[Raw]) -> list[list[Raw]]:
    """The log cut at any points, empty batches among them."""
    cuts = sorted(draw(st.lists(st.integers(0, len(log)), max_size=6)))
    return [list(log[start:end]) for start, end in zip([0, *cuts], [*cuts, len(log)], strict=True)]
