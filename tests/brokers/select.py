"""Which Kafka the tests run against.

The first of: the brokers named by KAFKA_BOOTSTRAP; a container, where Docker's daemon answers; a local broker, where
Java and Maven are at hand. A container that does not come up, for want of the image for instance, is told aloud and the
local broker taken.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager

from .docker_kafka import DockerKafka, docker_answers
from .local_kafka import LocalKafka, jars_are_cached
from .single_node import BrokerError


class NoKafkaError(RuntimeError):
    """There is no broker: the reason for which tests that need one are skipped."""


class KafkaRequiredError(RuntimeError):
    """LEADPULSE_REQUIRE_KAFKA=1, as in CI, and there is no broker: skipped tests would pass for a proof."""


@contextmanager
def running_kafka(say: Callable[[str], None], environment: Mapping[str, str] = os.environ) -> Iterator[str]:
    """The bootstrap servers of a real Kafka, for as long as the block lasts. say: told what was taken, and why.

    NoKafkaError or KafkaRequiredError where there is none; BrokerError where the local broker, the last resort, does
    not start.
    """
    if bootstrap := environment.get("KAFKA_BOOTSTRAP"):
        say(f"the brokers of KAFKA_BOOTSTRAP, {bootstrap}")
        yield bootstrap
        return
    with ExitStack() as stack:
        broker, no_docker = _started_in_docker(stack)
        if broker is None:
            if missing := _missing_programs():
                told = (
                    f"NO KAFKA: KAFKA_BOOTSTRAP is not set; {no_docker}; {missing} not on the PATH; nothing was proved"
                )
                required = environment.get("LEADPULSE_REQUIRE_KAFKA") == "1"
                raise KafkaRequiredError(told) if required else NoKafkaError(told)
            say(f"{no_docker}: the local broker is taken")
            broker = stack.enter_context(LocalKafka())
        say(str(broker))
        yield broker.bootstrap


def _started_in_docker(stack: ExitStack) -> tuple[DockerKafka | LocalKafka | None, str]:
    """The broker, or the reason for which there is none."""
    if not docker_answers():
        return None, "no Docker daemon answers"
    try:
        return stack.enter_context(DockerKafka()), ""
    except BrokerError as failed:
        return None, str(failed)


def _missing_programs() -> str:
    needed = ["java"] if jars_are_cached() else ["java", "mvn"]
    return " and ".join(program for program in needed if shutil.which(program) is None)
