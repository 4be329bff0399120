"""CloudEvents around events, as the Kafka protocol binding has them (specversion 1.0, JSON).

In binary mode the value is the data and the attributes are headers beginning with `ce_`; in structured mode the value
is an object of both, which the header content-type calls `application/cloudevents+json`. The data is an event of the
topic's format. What a native event leaves out, attributes say: `id` (after the source, since only both together are
unique), `lead` from the subject, `time`, `name` from the CloudEvent's type, and `type` from an extension `channel`.
"""

from base64 import b64decode
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from stream.core.events import Unreadable
from stream.sources.native import parse

PREFIX: Final = "ce_"
CONTENT_TYPE: Final = "content-type"
STRUCTURED: Final = "application/cloudevents+json"
BATCHED: Final = "application/cloudevents-batch"
_OWN: Final = frozenset(("specversion", "datacontenttype", "dataschema", "data", "data_base64"))

Attributes = dict[str, str]


def opened(value: bytes, headers: Mapping[str, bytes]) -> tuple[bytes, Attributes] | None:
    """The data and the attributes, by headers whose names are in small letters; None for what is no CloudEvent.

    Raises Unreadable for one that cannot be read.
    """
    kind = _text(headers.get(CONTENT_TYPE, b""))
    media = kind.partition(";")[0].strip().lower()
    if media.startswith(BATCHED):
        raise Unreadable("unsupported", f"{media}: Kafka's binding has no batches; send one CloudEvent a record")
    if media == STRUCTURED:
        return _structured(value)
    if PREFIX + "specversion" not in headers:
        return None
    attributes = {name[3:]: _text(content) for name, content in headers.items() if name.startswith(PREFIX)}
    _check_version(attributes.get("specversion"))
    if media and media != "application/json" and not media.endswith("+json"):
        raise Unreadable("unsupported", f"the CloudEvent's data is {media[:40]!r}: only JSON is read")
    return value, attributes


def filled(data: bytes, attributes: Attributes) -> bytes:
    """A native event with what it leaves out taken from the attributes. Raises Unreadable."""
    content = parse(data)
    source, identifier = attributes.get("source"), attributes.get("id")
    told = {
        "id": f"{source} {identifier}" if source and identifier else None,
        "lead": attributes.get("subject"),
        "time": attributes.get("time"),
        "name": attributes.get("type"),
        "type": attributes.get("channel"),
    }
    missing = {name: text for name, text in told.items() if text is not None and content.get(name) is None}
    return msgspec.json.encode(content | missing)


def _structured(value: bytes) -> tuple[bytes, Attributes]:
    content = parse(value)
    _check_version(content.get("specversion"))
    attributes = {name: text for name, text in content.items() if type(text) is str and name not in _OWN}
    if content.get("data_base64") is not None:
        return _decoded(content["data_base64"]), attributes
    if content.get("data") is None:
        raise Unreadable("invalid", "data: a CloudEvent without data says nothing")
    return msgspec.json.encode(content["data"]), attributes


def _decoded(text: Any) -> bytes:
    try:
        return b64decode(text, validate=True)
    except (TypeError, ValueError):
        raise Unreadable("invalid", "data_base64: must be text in Base64") from None


def _check_version(version: Any) -> None:
    if version != "1.0":
        raise Unreadable("unsupported", f"specversion: CloudEvents 1.0 are read, not {version!r:.40}")


def _text(content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise Unreadable("invalid", "a CloudEvent's header is not UTF-8") from None
