"""What stands between the worker and its brokers: in the log, on /readyz and, where they refuse, in a metric."""

import logging
import math
import time
from typing import Final

from confluent_kafka import Consumer, KafkaException

from schemas.settings import Settings
from stream.runtime.connection import explain
from stream.runtime.metrics import Metrics
from stream.runtime.refusals import count_refusal
from stream.runtime.topics import TopicsError, check_reading

ANSWER_SECONDS: Final = 0.3
TOLD_EVERY: Final = 60.0

log = logging.getLogger(__name__)


class Trouble:
    """The latest, as long as it lasts. Told by the poll thread; read from any."""

    def __init__(self, settings: Settings, metrics: Metrics) -> None:
        self._settings = settings
        self._metrics = metrics
        self._told: dict[str, float] = {}
        self._unread: set[str] = set()
        self.now: str | None = "not connected yet"

    def tell(self, text: str, unread: str | None = None) -> None:
        """`unread`: a topic that may not be read."""
        # Every client and every call has its own words for brokers that are away.
        if time.monotonic() - self._told.get(text, -math.inf) > TOLD_EVERY:
            self._told[text] = time.monotonic()
            log.error("%s", text)
        count_refusal(self._metrics, text)
        if unread is not None:
            self._unread.add(unread)
        self.now = text

    def hear(self) -> None:
        """Records came, or answers: of other topics, it may be, than one that may not be read."""
        if not self._unread:
            self.now = None

    def ask_again(self, consumer: Consumer, topic: str) -> None:
        """The client says when brokers go and not when they come back: an idle worker has to ask. Of a topic that may
        not be read it says so once, and of the right that is given back nothing.
        """
        if self.now is None:
            return
        try:
            consumer.list_topics(topic, timeout=ANSWER_SECONDS)
            if self._unread:
                check_reading(self._settings, sorted(self._unread))
        except KafkaException as error:
            self.tell(explain(error))
        except TopicsError as error:
            self.tell(str(error))
        else:
            self._unread.clear()
            self._told.clear()
            self.now = None
            log.info("the brokers answer again")
