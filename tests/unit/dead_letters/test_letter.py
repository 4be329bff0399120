"""A dead letter is read back to the record that it was made of, whatever that had for headers."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from leadpulse.dead_letters.letter import CUT, MARKER, Chosen, DeadLetter, read_letter
from schemas.records import Reason
from stream.core.ids import Origin
from stream.core.outputs import Output, Refused, dead_letter

TIME = 1_772_323_200_000
NAMES = ["traceparent", "ce_id", "leadpulse.reason", "__connect.errors.topic", "content-type", "odd"]
HEADERS = st.lists(st.tuples(st.sampled_from(NAMES), st.binary(max_size=20)), max_size=6)


class Read:
    """A record as the consumer gives it."""

    def __init__(self, output: Output) -> None:
        self._output = output

    def key(self) -> bytes | None:
        return self._output.key

    def value(self) -> bytes | None:
        return self._output.value

    def headers(self) -> list[tuple[str, bytes]] | None:
        return self._output.headers or None

    def timestamp(self) -> tuple[int, int]:
        return 1, self._output.timestamp


def letter_of(refused: Refused, reason: Reason = "invalid", most: int = 1_000_000) -> DeadLetter:
    message: Any = Read(dead_letter("leadpulse", refused, reason, "no field `id`", most))
    found = read_letter(message)
    assert found is not None
    return found


@given(st.none() | st.binary(max_size=30), st.none() | st.binary(max_size=50), HEADERS)
def test_it_is_the_record_that_was_refused(
    key: bytes | None, value: bytes | None, headers: list[tuple[str, bytes]]
) -> None:
    found = letter_of(Refused(Origin("acme.web", 3, 17), TIME, key, value, headers))
    assert (found.key, found.value, found.headers) == (key, value, headers)
    assert (found.topic, found.partition, found.offset, found.time) == ("acme.web", 3, 17, TIME)
    assert (found.reason, found.message, found.cut) == ("invalid", "no field `id`", None)


def test_a_value_that_was_cut_is_known_to_be() -> None:
    refused = Refused(Origin("acme.web", 3, 17), TIME, b"lead-1", b"x" * 5_000, [("odd", b"1")])
    found = letter_of(refused, most=2_000)
    assert found.cut == 5_000
    assert len(found.value or b"") < 2_000
    assert [name for name, _ in found.headers] == ["odd"]
    assert CUT not in dict(found.headers)


def test_a_letter_that_was_sent_again_and_refused_again_bears_one_marker() -> None:
    refused = Refused(Origin("acme.web", 3, 17), TIME, b"lead-1", b"{", [("odd", b"1"), (MARKER, b"ab12")])
    assert letter_of(refused).headers == [("odd", b"1")]


def test_a_record_of_somebody_else_is_none() -> None:
    message: Any = Read(Output("dead-letter", b"k", b"v", [("__connect.errors.topic", b"t")], TIME))
    assert read_letter(message) is None


def test_a_choice_is_by_reason_topic_id_and_time() -> None:
    letter = letter_of(Refused(Origin("acme.web", 3, 17), TIME, b"lead-1", b"{", []))
    right = (Chosen(), Chosen(frozenset({"invalid"}), "acme.web", letter.id[:8], TIME, TIME + 1))
    wrong = (
        Chosen(frozenset({"late"})),
        Chosen(topic="acme.crm"),
        Chosen(id="x"),
        Chosen(since=TIME + 1),
        Chosen(until=TIME),
    )
    assert all(chosen.has(letter) for chosen in right)
    assert not any(chosen.has(letter) for chosen in wrong)
