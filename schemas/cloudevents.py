"""The outputs as CloudEvents 1.0 in binary mode: what their headers say."""

from typing import Final, Literal

Kind = Literal["change", "latest", "alert", "dead-letter"]

TYPES: Final[dict[Kind, str]] = {
    "change": "leadpulse.score.changed.v1",
    "latest": "leadpulse.score.latest.v1",
    "alert": "leadpulse.spike.alert.v1",
    "dead-letter": "leadpulse.dead-letter.v1",
}
"""The header `ce_type`. The version is that of the record's meaning: fields are added under the same one."""

DATA_SCHEMAS: Final[dict[Kind, str]] = {
    kind: "urn:leadpulse:schema:" + TYPES[kind].removeprefix("leadpulse.").replace(".v", ":v")
    for kind in ("change", "latest", "alert")
}
"""The header `ce_dataschema`, and the `$id` of the published schema. A dead letter's value is whatever came."""

CARRIED: Final = ("traceparent", "tracestate", "ce_traceparent", "ce_tracestate")
"""Headers of an input record that the outputs it triggers have too: W3C's trace context, under either name."""


def source_of(application: str) -> str:
    """The header `ce_source`."""
    return f"/leadpulse/{application}"
