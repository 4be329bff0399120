"""The rows, by number, in the words of the table that they prove."""

from collections.abc import Callable
from typing import Final, NamedTuple

from tests.faults import access, brokers, disks, disorder, groups, kills, poison, soak, swaps, topics
from tests.faults.stage import Conditions, Played

SHORT: Final = (1, 3, 6, 7, 10)
"""The rows that `make test` plays in their shortened form."""


class Row(NamedTuple):
    """A line of the table and what plays it."""

    number: int
    fault: str
    play: Callable[[Conditions], Played]


ROWS: Final = {
    row.number: row
    for row in (
        Row(1, "SIGKILL every 0-6 s, 20 times, 2k events/s", kills.killed_again_and_again),
        Row(2, "SIGTERM, rolling restart of 3 workers", groups.rolling_restart),
        Row(3, "broker SIGKILL for 30 s, and twice during a commit", brokers.killed),
        Row(4, "broker absent at start", brokers.absent_at_start),
        Row(5, "rebalance storm: workers join and leave every 2 s", groups.storm),
        Row(6, "SIGSTOP past the session timeout, then SIGCONT", groups.zombie),
        Row(7, "state directory deleted", disks.deleted),
        Row(8, "a file in the state directory corrupted", disks.corrupted),
        Row(9, "disk full", disks.full),
        Row(10, "poison and oversize records among good ones", poison.among_good_records),
        Row(11, "every record three times, shuffled, 5% a week late", disorder.thrice_shuffled_and_late),
        Row(12, "stamps of 1970 and next year, a clock an hour off", disorder.wrong_clocks),
        Row(13, "100 model swaps under load, every third broken", swaps.hundred),
        Row(14, "wrong password, expired certificate, missing ACL", access.refused),
        Row(15, "a topic deleted, partitions added", topics.deleted_and_grown),
        Row(16, "dead-letter topic unwritable", topics.dead_letters_refused),
        Row(17, "memory at its limit, then a killed allocation", soak.too_many_leads),
        Row(18, "two hours' worth of events in a soak", soak.two_hours),
    )
}
