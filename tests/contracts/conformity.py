"""Whether a record that left is what the published files say, as they lie in the repository."""

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Final

import jsonschema_rs

_PUBLISHED: Final = Path(__file__).parents[2] / "schemas" / "published"
_VALUES: Final = {
    ".scores.changes": "score-changed.v1",
    ".scores.latest": "score-latest.v1",
    ".alerts": "spike-alert.v1",
}
_HEADERS: Final = {
    ".scores.changes": "score-changed-headers.v1",
    ".scores.latest": "score-latest-headers.v1",
    ".alerts": "spike-alert-headers.v1",
    ".dead-letters": "dead-letter-headers.v1",
}


def assert_fits(topic: str, value: bytes | None, headers: Sequence[tuple[str, bytes]]) -> None:
    """Fails unless value and headers are valid by the schemas of the topic; other topics have none."""
    for suffix, name in _HEADERS.items():
        if topic.endswith(suffix):
            # The first of a name is ours; what a dead letter came with follows, and may be no text.
            _assert_valid(name, {key: content.decode(errors="replace") for key, content in reversed(headers)})
            if value is not None and suffix in _VALUES:
                _assert_valid(_VALUES[suffix], json.loads(value))


def _assert_valid(name: str, content: object) -> None:
    try:
        _validator(name).validate(content)
    except jsonschema_rs.ValidationError as error:
        raise AssertionError(f"not valid by {name}: {error}\n{json.dumps(content)[:2_000]}") from None


@cache
def _validator(name: str) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(json.loads((_PUBLISHED / f"{name}.json").read_text(encoding="utf-8")))
