"""The AsyncAPI 3.1 document: every topic with its key, headers, value, order and delivery, from the models alone.

It stands alone: what the published JSON Schemas hold is in its components once more, as far as AsyncAPI's own schema
dialect goes.
"""

from importlib import metadata, resources
from typing import Any, Final

import yaml
from pydantic.json_schema import models_json_schema

from schemas.cloudevents import DATA_SCHEMAS, Kind
from schemas.contracts.json_schemas import HEADERS, published
from schemas.contracts.promises import DESCRIPTION, INPUT, OUTPUTS, Topic
from schemas.events import (
    CHANNELS,
    CrmEvent,
    EmailEvent,
    IntentEvent,
    OutcomeEvent,
    ProductEvent,
    ProfileEvent,
    WebEvent,
)
from schemas.records import Alert, LatestScore, ScoreChange

_EVENTS: Final = (WebEvent, EmailEvent, ProductEvent, CrmEvent, IntentEvent, ProfileEvent, OutcomeEvent)
_VALUES: Final = {"change": ScoreChange, "latest": LatestScore, "alert": Alert}
_TEMPLATE: Final = "#/components/schemas/{model}"
_KAFKA: Final = "0.5.0"


def asyncapi() -> dict[str, Any]:
    """The document."""
    return {
        "asyncapi": "3.1.0",
        "id": "urn:leadpulse",
        "info": {
            "title": "Leadpulse",
            "version": metadata.version("leadpulse"),
            "description": DESCRIPTION,
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {"kafka": {"host": "{bootstrap}", "protocol": "kafka", "variables": {"bootstrap": _BOOTSTRAP}}},
        "channels": {**{channel: _input(channel) for channel in CHANNELS}, **{t.name: _output(t) for t in OUTPUTS}},
        "operations": _operations(),
        "components": {
            "schemas": _schemas(),
            "messages": {"event": _event(), **{topic.kind: _record(topic.kind) for topic in OUTPUTS}},
            "parameters": {"prefix": _PREFIX},
        },
    }


def text() -> str:
    """The document as it is published."""
    shown: str = yaml.dump(asyncapi(), Dumper=_Readable, sort_keys=False, width=116, allow_unicode=True)
    return shown


class _Readable(yaml.SafeDumper):
    """Texts of several lines as blocks, and everything where it belongs, without aliases."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _shown(dumper: yaml.SafeDumper, each: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", each, style="|" if "\n" in each else None)


_Readable.add_representer(str, _shown)


_BOOTSTRAP: Final = {"default": "localhost:9092", "description": "The setting `kafka.bootstrap`."}
_PREFIX: Final = {
    "description": "The setting `topics.prefix`: carries tenant and environment.",
    "default": "leadpulse",
    "examples": ["acme.prod"],
}


def _input(channel: str) -> dict[str, Any]:
    return _topic(channel, INPUT.replace("CHANNEL", channel), "event", "delete")


def _output(topic: Topic) -> dict[str, Any]:
    return _topic(topic.address, topic.promise, topic.kind, topic.cleanup)


def _topic(name: str, promise: str, message: str, cleanup: str) -> dict[str, Any]:
    return {
        "address": f"{{prefix}}.{name}",
        "description": promise,
        "parameters": {"prefix": {"$ref": "#/components/parameters/prefix"}},
        "messages": {message: {"$ref": f"#/components/messages/{message}"}},
        "bindings": {"kafka": {"topicConfiguration": {"cleanup.policy": [cleanup]}, "bindingVersion": _KAFKA}},
    }


def _operations() -> dict[str, Any]:
    """Seen from the worker: it receives events and sends the rest."""
    return {
        **{f"score-{channel}": _operation("receive", channel, "event") for channel in CHANNELS},
        **{f"tell-{topic.name}": _operation("send", topic.name, topic.kind) for topic in OUTPUTS},
    }


def _operation(action: str, channel: str, message: str) -> dict[str, Any]:
    messages = [{"$ref": f"#/channels/{channel}/messages/{message}"}]
    return {"action": action, "channel": {"$ref": f"#/channels/{channel}"}, "messages": messages}


def _event() -> dict[str, Any]:
    return {
        "name": "event",
        "title": "Event",
        "summary": "Something that a lead did, is or became, in the native format.",
        "contentType": "application/json",
        "payload": {"$ref": _TEMPLATE.format(model="Event")},
        "bindings": _keyed("The lead's id in UTF-8, the same as in the event."),
        "examples": [{"name": "page-view", "payload": _examples()["event"]}],
    }


def _record(kind: Kind) -> dict[str, Any]:
    headers = next(name for name, of in HEADERS.items() if of == kind)
    whose = "The key of the record that was refused." if kind == "dead-letter" else "The lead's id in UTF-8."
    letter = kind == "dead-letter"
    return {
        "name": kind,
        "title": "Dead letter" if letter else _VALUES[kind].__name__,
        "contentType": "application/octet-stream" if letter else "application/json",
        "headers": {"$ref": _TEMPLATE.format(model=headers)},
        "payload": {"description": "The bytes of the record that was refused."}
        if letter
        else {"$ref": _TEMPLATE.format(model=_VALUES[kind].__name__)},
        "bindings": _keyed(whose),
        "examples": [{"name": kind, "payload": _examples()[kind]}],
        **({} if letter else {"x-schema": DATA_SCHEMAS[kind]}),
    }


def _keyed(description: str) -> dict[str, Any]:
    return {"kafka": {"key": {"type": "string", "description": description}, "bindingVersion": _KAFKA}}


def _schemas() -> dict[str, Any]:
    models = [(model, "validation") for model in (*_EVENTS, *_VALUES.values())]
    found: dict[str, Any] = models_json_schema(models, ref_template=_TEMPLATE)[1]["$defs"]  # type: ignore[arg-type]
    event = {"title": "Event", "oneOf": [{"$ref": _TEMPLATE.format(model=model.__name__)} for model in _EVENTS]}
    headers = {each.name: _without_dialect(each.schema) for each in published() if each.name in HEADERS}
    return {"Event": event, **found, **headers}


def _without_dialect(schema: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in schema.items() if key not in ("$schema", "$id")}


def _examples() -> dict[str, Any]:
    content = resources.files("schemas.contracts").joinpath("examples.yaml").read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.safe_load(content)
    return found
