"""One row is played at a time, the next while the one before is judged, and none is lost."""

import os
import time
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Final

from tests.faults.outcome import Outcome
from tests.faults.turns import Turn, play_in_turn

FAULTS: Final = {number: f"fault {number}" for number in range(1, 6)}
DIES: Final = 3


def row(told: Path, number: int, turn: Turn) -> Outcome:
    """Waits until the one before is played, and is judged until the next one is played. Row 3 dies while it plays."""
    turn.take()
    tell(told, f"{number} plays")
    if number == DIES:
        os._exit(9)
    time.sleep(0.1)
    tell(told, f"{number} is played")
    turn.give_back()
    turn.give_back()
    if number + 1 in FAULTS:
        while f"{number + 1} plays" not in told.read_text():
            time.sleep(0.01)
    turn.take()
    turn.take()
    tell(told, f"{number} plays again")
    tell(told, f"{number} is played again")
    return Outcome(number, FAULTS[number], number, 0, 0, None, True, "")


def tell(told: Path, text: str) -> None:
    with told.open("a") as file:
        file.write(text + "\n")


def test_rows_are_played_one_at_a_time_and_judged_while_the_next_is_played(tmp_path: Path) -> None:
    told = tmp_path / "told"
    outcomes = {each.number: each for each in play_in_turn(FAULTS, partial(row, told))}
    assert [number for number, each in sorted(outcomes.items()) if each.passed] == [1, 2, 4, 5]
    assert outcomes[DIES] == Outcome(
        DIES, "fault 3", None, None, None, None, False, "its process ended with 9: clients.log tells why"
    )
    lines = told.read_text().splitlines()
    assert len(lines) == 1 + 4 * 4
    for begin, end in pairwise(lines):
        if "plays" in begin and begin != f"{DIES} plays":
            assert end == begin.replace("plays", "is played"), "another one played meanwhile"


def test_a_row_by_itself_waits_for_nobody() -> None:
    turn = Turn()
    turn.take()
    turn.give_back()
    turn.take()
