"""Names of the topics. The prefix carries tenant and environment."""

from dataclasses import dataclass

from schemas.events import Channel
from schemas.settings import Topics


@dataclass(frozen=True)
class TopicNames:
    """Every topic of one deployment."""

    prefix: str
    inputs: tuple[Channel, ...]

    @classmethod
    def of(cls, topics: Topics) -> "TopicNames":
        return cls(topics.prefix, topics.inputs)

    def input(self, channel: Channel) -> str:
        return f"{self.prefix}.{channel}"

    @property
    def changes(self) -> str:
        return f"{self.prefix}.scores.changes"

    @property
    def latest(self) -> str:
        """Compacted: the newest score of each lead."""
        return f"{self.prefix}.scores.latest"

    @property
    def alerts(self) -> str:
        return f"{self.prefix}.alerts"

    @property
    def dead_letters(self) -> str:
        return f"{self.prefix}.dead-letters"

    @property
    def replayed(self) -> str:
        """Compacted: which dead letters `leadpulse dlq replay` has sent again. No worker uses it."""
        return f"{self.prefix}.dead-letters.replayed"

    @property
    def changelog(self) -> str:
        """Compacted: the state rows, in the partition of the lead's input."""
        return f"{self.prefix}.changelog.v1"

    @property
    def outputs(self) -> tuple[str, ...]:
        return (self.changes, self.latest, self.alerts, self.dead_letters, self.changelog)
