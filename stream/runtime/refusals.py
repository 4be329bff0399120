"""What brokers refuse for want of credentials, certificates or ACLs, counted from the lines that tell people."""

import re
from typing import Final

from stream.runtime.metrics import Metrics

REFUSALS: Final = (
    "_AUTHENTICATION",
    "SASL_AUTHENTICATION_FAILED",
    "_SSL",
    "TOPIC_AUTHORIZATION_FAILED",
    "GROUP_AUTHORIZATION_FAILED",
    "TRANSACTIONAL_ID_AUTHORIZATION_FAILED",
    "CLUSTER_AUTHORIZATION_FAILED",
)
"""Names of the client's errors, as `stream.runtime.connection.explain` begins with them."""

_REFUSAL: Final = re.compile(rf"(?<!\w)({'|'.join(REFUSALS)}):")
_TOPIC: Final = re.compile(r"\btopic ([\w.-]*\w)(?=[ :])")


def count_refusal(metrics: Metrics, line: str) -> None:
    """Counts a line that tells of a refusal, by error and, where it names one, topic."""
    error = _REFUSAL.search(line)
    if error is not None:
        topic = _TOPIC.search(line[: error.start()])
        metrics.refusals.labels(error[1], topic[1] if topic else "").inc()
