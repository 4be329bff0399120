"""Under which membership to commit."""

from collections.abc import Callable
from typing import Any

from confluent_kafka import Consumer

from schemas.settings import Settings


class PlaceInGroup:
    """This worker's, as the delivery wants to know it.

    Taken when the group gives partitions and at no other time: a worker that was thrown out of the group must not
    commit under a later, empty membership, but under the one that fences it. By the newer protocol the brokers count
    memberships on without a word; there an empty one is fenced as well, for the member keeps its name.
    """

    def __init__(self, settings: Settings, consumer: Consumer, of: Callable[[Consumer], Any]) -> None:
        self._consumer = consumer
        self._of = of
        self._changes_silently = settings.kafka.group_protocol == "consumer"
        self._taken: Any = None

    def take(self) -> None:
        """The group has given partitions."""
        self._taken = self._of(self._consumer)

    @property
    def now(self) -> Any:
        """None before the group has given anything."""
        if self._changes_silently and self._taken is not None:
            self.take()
        return self._taken
