"""Confluent Schema Registry's framing: a zero byte and the schema's number, four bytes, before the payload.

Only JSON is read, as the JSON Schema serializer writes it. No registry is asked: the payload is judged by the topic's
format all the same.
"""

from typing import Final

from stream.core.events import Unreadable

MAGIC: Final = 0
FRAME: Final = 5


def unframe(value: bytes) -> bytes | None:
    """The payload; None where the value is not framed. Raises Unreadable where there is no JSON in the frame."""
    if len(value) <= FRAME or value[0] != MAGIC:
        return None
    payload = value[FRAME:]
    if payload.lstrip(b" \t\r\n")[:1] not in (b"{", b"["):
        number = int.from_bytes(value[1:FRAME])
        raise Unreadable(
            "unsupported",
            f"in the frame of Schema Registry (schema {number}) is no JSON: Avro and Protobuf are not read; "
            "produce with a JSON Schema serializer, or convert on the way",
        )
    return payload
