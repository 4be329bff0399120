"""The published JSON Schemas (draft 2020-12), one for each kind of record, with its version in its name.

The version is that of the record's meaning: fields are added under the same one, and nothing else changes. What would
break a producer or a reader is a new version, beside the old one.
"""

from collections.abc import Mapping
from typing import Any, Final, Literal, NamedTuple, get_args

from pydantic import BaseModel

from schemas.cloudevents import CARRIED, DATA_SCHEMAS, TYPES, Kind
from schemas.events import EVENT
from schemas.records import OUTPUT_ID_PATTERN, Alert, LatestScore, Reason, ScoreChange
from schemas.times import RFC3339_PATTERN

Direction = Literal["input", "output"]
DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_TEXT: Final[dict[str, Any]] = {"type": "string"}
_NUMBER: Final = _TEXT | {"pattern": "^[0-9]+$"}


class Published(NamedTuple):
    """A schema that is published as `<name>.json`. direction: who writes by it: our producers, or we."""

    name: str
    direction: Direction
    schema: dict[str, Any]


def published() -> list[Published]:
    """All of them."""
    return [
        Published("event.v1", "input", _named("urn:leadpulse:schema:event:v1", "Event", EVENT.json_schema())),
        _record("score-changed.v1", "change", ScoreChange),
        _record("score-latest.v1", "latest", LatestScore),
        _record("spike-alert.v1", "alert", Alert),
        *(_headers(name, kind) for name, kind in HEADERS.items()),
    ]


HEADERS: Final[Mapping[str, Kind]] = {
    "score-changed-headers.v1": "change",
    "score-latest-headers.v1": "latest",
    "spike-alert-headers.v1": "alert",
    "dead-letter-headers.v1": "dead-letter",
}
"""The schemas of headers, by name: of each record's headers as an object of texts, the first of a name counting."""


def _record(name: str, kind: Kind, model: type[BaseModel]) -> Published:
    schema = model.model_json_schema()
    return Published(name, "output", _named(DATA_SCHEMAS[kind], schema["title"], schema))


def _named(identifier: str, title: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"$schema": DIALECT, "$id": identifier} | schema | {"title": title}


def _headers(name: str, kind: Kind) -> Published:
    of_ours = _dead_letter() if kind == "dead-letter" else {"ce_subject": _TEXT | {"description": "The lead."}}
    always = {**_cloud_event(kind), **of_ours}
    carried = {header: _TEXT | {"description": "As in the record that caused this one."} for header in CARRIED}
    cut = {"leadpulse.value.bytes": _NUMBER | {"description": "How long a value was that was cut."}}
    sometimes = cut if kind == "dead-letter" else carried
    schema = {
        "description": "Headers, as texts in UTF-8. Of several with one name the first counts.",
        "type": "object",
        "properties": always | sometimes,
        "required": list(always),
    }
    what = name.removesuffix(".v1")
    named = _named(f"urn:leadpulse:schema:{what}:v1", what.replace("-", " ").capitalize(), schema)
    return Published(name, "output", named)


def _cloud_event(kind: Kind) -> dict[str, Any]:
    letter = kind == "dead-letter"
    found: dict[str, Any] = {
        "ce_specversion": _TEXT | {"const": "1.0"},
        "ce_id": _TEXT | {"pattern": OUTPUT_ID_PATTERN, "description": "The record's id: deduplicate by it."},
        "ce_source": _TEXT | {"pattern": "^/leadpulse/", "description": "`/leadpulse/` and the application."},
        "ce_type": _TEXT | {"const": TYPES[kind]},
        "ce_time": _TEXT | {"pattern": RFC3339_PATTERN, "description": "The Kafka time of the trigger, or a tick."},
        "content-type": _TEXT | {"const": "application/octet-stream" if letter else "application/json"},
    }
    if kind in DATA_SCHEMAS:
        found["ce_dataschema"] = _TEXT | {"const": DATA_SCHEMAS[kind], "description": "The `$id` of its schema."}
    return found


def _dead_letter() -> dict[str, Any]:
    connect = "__connect.errors."
    reasons = list(get_args(Reason))
    return {
        connect + "topic": _TEXT | {"description": "Where the record was."},
        connect + "partition": _NUMBER,
        connect + "offset": _NUMBER,
        connect + "connector.name": _TEXT | {"description": "The application."},
        connect + "task.id": _NUMBER,
        connect + "stage": _TEXT,
        connect + "class.name": _TEXT,
        connect + "exception.class.name": _TEXT | {"pattern": r"^leadpulse\.", "description": "With the reason."},
        connect + "exception.message": _TEXT | {"description": "What is wrong, in words."},
        connect + "exception.stacktrace": _TEXT,
        "leadpulse.reason": _TEXT
        | {"x-extensible-enum": reasons, "description": "Why; reasons can be added, so take others as `invalid`."},
    }
