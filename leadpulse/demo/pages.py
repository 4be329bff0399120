"""The worker's pages, as an operator reads them."""

import json
import urllib.error
import urllib.request
from collections import Counter
from typing import Final, NamedTuple

from prometheus_client.parser import text_string_to_metric_families

_ANSWER_SECONDS: Final = 5.0


class Readiness(NamedTuple):
    """What /readyz said. model: digest of the one in force. missing: what keeps the worker from scoring."""

    ready: bool
    model: str
    missing: list[str]


class Counts(NamedTuple):
    """What /metrics counts, all of it committed. records: taken. verdicts, outputs, refused: by kind."""

    records: int
    verdicts: Counter[str]
    outputs: Counter[str]
    refused: Counter[str]

    @classmethod
    def none(cls) -> "Counts":
        return cls(0, Counter(), Counter(), Counter())


class Pages:
    """Reads the web server at this port."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"

    def readiness(self) -> Readiness:
        """Not ready where nothing answers (yet)."""
        try:
            body = json.loads(self._read("/readyz"))
        except OSError as error:
            return Readiness(False, "", [f"the web server does not answer: {error}"])
        return Readiness(body["ready"], body["model"], body["missing"])

    def counts(self) -> Counts:
        """The counters as they stand. Raises OSError where nothing answers."""
        found: dict[str, Counter[str]] = {}
        for family in text_string_to_metric_families(self._read("/metrics").decode()):
            for sample in family.samples:
                label = next(iter(sample.labels.values()), "")
                found.setdefault(sample.name, Counter())[label] += int(sample.value)
        none: Counter[str] = Counter()
        return Counts(
            records=found.get("leadpulse_records_total", none).total(),
            verdicts=found.get("leadpulse_events_total", none),
            outputs=found.get("leadpulse_outputs_total", none),
            refused=found.get("leadpulse_dead_letters_total", none),
        )

    def _read(self, page: str) -> bytes:
        try:
            with urllib.request.urlopen(f"{self.url}{page}", timeout=_ANSWER_SECONDS) as answer:
                content: bytes = answer.read()
        except urllib.error.HTTPError as answer:
            with answer:  # 503 of /readyz says what is missing
                content = answer.read()
        return content
