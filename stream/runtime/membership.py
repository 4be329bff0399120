"""What fences a worker without transactions: its group is asked whether it still counts it among its members."""

import math
import time
from typing import Final

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from schemas.settings import Settings
from stream.runtime.connection import connection
from stream.runtime.outcomes import Aborted

ASK_SECONDS: Final = 2.0
AGAIN_SECONDS: Final = 0.1


class Membership:
    """One worker's place in its group. One thread at a time."""

    def __init__(self, settings: Settings) -> None:
        self._name = settings.application
        self._configuration = connection(settings.kafka)
        self._client = AdminClient(self._configuration)
        # Of a session: a member that is heard of no more is missed by then.
        self._lease = settings.kafka.session_timeout_ms / 3_000
        self._member = ""
        self._seen = -math.inf

    def check(self, member: str, deadline: float) -> None:
        """Raises Aborted where the group has given this member's partitions away, and KafkaException where nobody has
        answered by the deadline (monotonic, in s). What the group said holds for a lease.
        """
        if self._member == member and time.monotonic() < self._seen + self._lease:
            return
        while True:
            asked = time.monotonic()
            try:
                members = self._ask()
                break
            except KafkaException:
                if time.monotonic() > deadline:
                    raise
                time.sleep(AGAIN_SECONDS)
        if member not in members:
            raise Aborted("the group no longer counts this worker among its members", passing=True)
        self._member, self._seen = member, asked

    def _ask(self) -> set[str]:
        """The ids of the group's members. Raises KafkaException.

        The deprecated call comes first. The one that is to replace it asks the group's coordinator alone, and does not
        survive that broker's end: it can go unanswered for ever, or end the process with a failed assertion (librdkafka
        2.16; its issue 4605). It is there for a cluster of which some broker is away: the old one needs them all.
        """
        try:
            groups = self._client.list_groups(self._name, timeout=ASK_SECONDS)
        except KafkaException:
            self._client.list_topics(timeout=ASK_SECONDS)  # raises where no broker answers
            once = AdminClient(self._configuration)
            described = once.describe_consumer_groups([self._name], request_timeout=ASK_SECONDS)
            return {each.member_id for each in described[self._name].result().members}
        for group in groups:
            if group.error is not None:  # a coordinator that has just come up knows no members yet
                raise KafkaException(group.error)
        return {str(each.id) for group in groups for each in group.members}
