"""Which Kafka the tests run against.

The first of: the brokers named by KAFKA_BOOTSTRAP; a local broker, where Java and Maven are at hand.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from types import TracebackType
from typing import Self

from .local_kafka import LocalKafka, jars_are_cached


class KafkaRequiredError(RuntimeError):
    """LEADPULSE_REQUIRE_KAFKA=1, and there is no broker: skipped tests would pass for a proof."""


class ExternalKafka:
    """Brokers that somebody else runs; only their address is known here."""

    def __init__(self, bootstrap: str) -> None:
        self.bootstrap = bootstrap

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the brokers as they are: they are not ours."""


def choose_kafka(environment: Mapping[str, str] = os.environ) -> ExternalKafka | LocalKafka | str:
    """A broker that is entered with `with`, or the reason for which the tests that need one are skipped.

    With LEADPULSE_REQUIRE_KAFKA=1, as in CI, a missing broker is a KafkaRequiredError instead.
    """
    if bootstrap := environment.get("KAFKA_BOOTSTRAP"):
        return ExternalKafka(bootstrap)
    missing = _missing_programs()
    if not missing:
        return LocalKafka()
    reason = f"NO KAFKA: KAFKA_BOOTSTRAP is not set and {' and '.join(missing)} not on the PATH; nothing was proved"
    if environment.get("LEADPULSE_REQUIRE_KAFKA") == "1":
        raise KafkaRequiredError(reason)
    return reason


def _missing_programs() -> list[str]:
    needed = ["java"] if jars_are_cached() else ["java", "mvn"]
    return [program for program in needed if shutil.which(program) is None]
