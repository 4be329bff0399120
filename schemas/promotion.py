"""One line of a registry's promotions log: which model was put in force, when, by whom and why."""

from typing import Annotated, Literal

from pydantic import Field

from schemas.records import Digest
from schemas.strict import Reader


class Promotion(Reader):
    """`promotions/<number>.json` in the registry. Written once; a later one never changes an earlier one."""

    number: Annotated[int, Field(ge=1)]
    """Its place in the log, from 1 on without a gap."""
    time: Annotated[str, Field(examples=["2026-03-01T09:30:00.000Z"])]
    """By the clock of the machine that promoted."""
    action: Literal["promotion", "rollback"]
    model: Digest
    """The model put in force."""
    previous: Digest | None
    """The model in force before it; none where the rules scored."""
    by: Annotated[str, Field(examples=["ann@trainer-7"])] = ""
    """Who or what promoted, as the machine knows them."""
    forced: bool = False
    """Whether it went into force although a check or the comparison kept it out."""
    reason: str = ""
    """What was judged, or what a person gave as the reason."""
