"""Dead letters for people: counts, one letter, and what a replay did."""

import sys
from collections import Counter, deque
from collections.abc import Iterable

from rich.console import Console
from rich.table import Table

from leadpulse.dead_letters.letter import DeadLetter
from leadpulse.dead_letters.replay import Replayed
from schemas.times import format_time


def list_page(letters: Iterable[DeadLetter], replayed: set[str], most: int) -> None:
    """Prints how many there are by reason and topic, and the last ones read."""
    counts: Counter[tuple[str, str]] = Counter()
    again: Counter[tuple[str, str]] = Counter()
    span: dict[tuple[str, str], tuple[int, int]] = {}
    latest: deque[DeadLetter] = deque(maxlen=most)
    for letter in letters:
        kind = letter.reason, letter.topic
        counts[kind] += 1
        again[kind] += letter.id in replayed
        first, last = span.get(kind, (letter.time, letter.time))
        span[kind] = min(first, letter.time), max(last, letter.time)
        latest.append(letter)
    if not counts:
        print("no dead letters")
        return
    table = Table("reason", "topic", "letters", "sent again", "first", "last")
    for kind, number in counts.most_common():
        first, last = span[kind]
        table.add_row(*kind, str(number), str(again[kind]), format_time(first), format_time(last))
    _print(table)
    newest = Table("id", "reason", "record", "what is wrong", title="some of them")
    for letter in latest:
        newest.add_row(letter.id[:12], letter.reason, _place(letter), letter.message)
    _print(newest)


def letter_page(letter: DeadLetter) -> None:
    """Prints all of it."""
    rows = {
        "id": letter.id,
        "reason": f"{letter.reason}: {letter.message}",
        "record": _place(letter),
        "time": format_time(letter.time),
        "key": _text(letter.key),
    }
    table = Table.grid(padding=(0, 2, 0, 0))
    for name, content in rows.items():
        table.add_row(name, content)
    for name, value in letter.headers:
        table.add_row(f"header {name}", _text(value))
    _print(table)
    print(_text(letter.value))
    if letter.cut is not None:
        print(f"(the first {len(letter.value or b'')} of {letter.cut} bytes)")


def replay_page(done: Replayed, dry: bool) -> None:
    """Prints what was sent, and what was not, and why."""
    print(f"{'to be sent' if dry else 'sent'}: {_told(done.sent)}")
    if done.before:
        print(f"sent before, left alone: {_told(done.before)}")
    if done.cut:
        print(f"cut off, not sent (raise limits.dead_letter_bytes): {_told(done.cut)}")
    if done.unkeyed:
        print(f"without a key, not sent (they would be refused again): {_told(done.unkeyed)}")


def _told(counts: Counter[str]) -> str:
    reasons = ", ".join(f"{reason} {number}" for reason, number in counts.most_common())
    return f"{counts.total()} ({reasons})" if counts else "none"


def _place(letter: DeadLetter) -> str:
    return f"{letter.topic}/{letter.partition}/{letter.offset}"


def _text(content: bytes | None) -> str:
    return "(none)" if content is None else content.decode(errors="backslashreplace")


def _print(table: Table) -> None:
    # Piped into a file or another program a table must not be cut to the width of a terminal that is not there.
    Console(width=None if sys.stdout.isatty() else 200, markup=False).print(table)
