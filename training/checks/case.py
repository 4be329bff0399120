"""What the checks judge, and what each of them finds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from schemas.manifest import ModelTiers
from schemas.settings import Tiers
from stream.core.features import Vector
from training.parity import Parity
from training.split import Floor, Slices

Verdict = Literal["passed", "warned", "blocked"]
Finding = tuple[Verdict, str]


@dataclass(frozen=True)
class Case:
    """A model on trial. within: the label's window in ms. reference: log-odds of the test slice."""

    names: Sequence[str]
    slices: Slices
    within: int
    floor: Floor
    later_slope: float
    """Slope of a sigmoid on the calibration slice: not positive where later leads contradict the fit."""
    metrics: dict[str, Any]
    """The manifest's."""
    parity: Parity
    wanted: Tiers
    tiers: ModelTiers
    reference: Vector
    suspects: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Why a feature's names say that it is filled in once the outcome is known, by feature."""
    excluded: frozenset[str] = frozenset()
    """Features that no model may use."""

    @property
    def usable(self) -> list[str]:
        """The names, with nothing in place of those excluded."""
        return ["" if name in self.excluded else name for name in self.names]

    @property
    def test(self) -> dict[str, Any]:
        """Figures of the test slice."""
        found: dict[str, Any] = self.metrics["test"]
        return found
