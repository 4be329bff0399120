"""Settings of what the worker tells about itself: its log and its traces."""

from typing import Annotated, Literal

from pydantic import Field

from schemas.strict import Setting


class Log(Setting):
    """The worker's log, on standard error."""

    format: Annotated[Literal["text", "json"], Field(examples=["json"])] = "text"
    """What a line is: text for people; json, an object with the id of the epoch that it is about, for machines."""


class Traces(Setting):
    """OpenTelemetry traces of polls, from fetching to commit; they need leadpulse[otel]."""

    endpoint: Annotated[
        str | None, Field(pattern=r"^https?://.+$", examples=["http://otel-collector:4318/v1/traces"])
    ] = None
    """Where spans go, by OTLP over HTTP; null makes none."""
    share: Annotated[float, Field(gt=0, le=1, examples=[0.01])] = 0.01
    """The share of polls that are traced, drawn for each."""
