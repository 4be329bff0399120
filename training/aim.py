"""What an event is to the target: an outcome that counts, one that ends the lead, or nothing."""

from schemas.signals import Observed, Outcome
from schemas.target import Target
from stream.core.events import Event
from stream.core.signals import Signals
from training.events import COUNTS, ENDS


class Aim:
    """Reads events by the target's own matches, apart from what the worker sees in them."""

    def __init__(self, target: Target) -> None:
        wanted = ((target.counts, COUNTS), (target.ends, ENDS))
        self._readers = [(_outcomes_only(outcome), mark) for outcome, mark in wanted if outcome is not None]

    def marks(self, event: Event) -> int:
        """COUNTS, ENDS, both or 0. An event that counts does not also end: the outcome comes first."""
        found = 0
        if event.type != "profile":
            for reader, mark in self._readers:
                if reader.read(event).outcome:
                    found |= mark
        return found & ~ENDS if found & COUNTS else found

    def kind_marks(self, event: Event) -> int | None:
        """The same for all events of this one's kind, or None where their properties decide."""
        kinds = [reader.kind(event.type, event.name, event.path) for reader, _ in self._readers]
        return None if any(kind.plain is None for kind in kinds) else self.marks(event)


def _outcomes_only(outcome: Outcome) -> Signals:
    """A reader of nothing else. The settings' rule that no signal is the outcome itself does not matter to it."""
    return Signals(Observed.model_construct(signals=(), profile=(), landing=(), outcome=outcome))
