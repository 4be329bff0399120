"""Who the leads are: ids, profiles and how well each fits the product."""

import json
from dataclasses import dataclass
from typing import Final

import numpy as np

from leadpulse.simulator.regimes import Floats

Flags = np.ndarray[tuple[int], np.dtype[np.bool_]]
Ints = np.ndarray[tuple[int], np.dtype[np.int64]]

ANONYMOUS: Final = 0.1
TRIALS: Final = 0.5
TYPICAL_EMPLOYEES: Final = 120

_SENIORITY: Final = ("staff", "manager", "director", "vp", "c_level")
_SENIORITY_SHARE: Final = (0.40, 0.28, 0.16, 0.09, 0.07)
_SENIORITY_FIT: Final = np.array([-0.5, 0.1, 0.5, 0.7, 0.4])
# Education is not among the values that the default settings tell apart: real lists never cover everybody.
_INDUSTRY: Final = ("software", "finance", "retail", "manufacturing", "healthcare", "education")
_INDUSTRY_SHARE: Final = (0.30, 0.18, 0.17, 0.15, 0.12, 0.08)
_INDUSTRY_FIT: Final = np.array([0.5, 0.2, -0.3, -0.1, 0.0, -0.5])
_ANONYMOUS_FIT: Final = -1.0


@dataclass(frozen=True)
class Population:
    """n leads; every array has n places."""

    ids: tuple[str, ...]
    anonymous: Flags
    """Visitors without a name: they only browse, and nobody knows their profile."""
    trial: Flags
    """Who has access to the product before buying it."""
    fit: Floats
    """Shifts the logarithm of every conversion rate."""
    tempo: Floats
    """Multiplies how often a lead does anything. It says nothing about converting: some only read a lot."""
    profiles: tuple[str, ...]
    """The fields of the profile, as a JSON object; empty for anonymous visitors."""

    def __len__(self) -> int:
        return len(self.ids)


def draw_population(leads: int, rng: np.random.Generator) -> Population:
    """So many leads, one in ten of them anonymous."""
    anonymous = rng.random(leads) < ANONYMOUS
    employees = np.exp(rng.normal(np.log(TYPICAL_EMPLOYEES), 1.4, leads)).astype(np.int64) + 1
    seniority = rng.choice(len(_SENIORITY), leads, p=_SENIORITY_SHARE)
    industry = rng.choice(len(_INDUSTRY), leads, p=_INDUSTRY_SHARE)
    size_fit = np.clip(0.35 * np.log(employees / TYPICAL_EMPLOYEES), -0.8, 0.8)
    visitor = rng.integers(1 << 48, size=leads)
    return Population(
        ids=tuple(
            f"anon:{visitor[i]:012x}" if unnamed else f"lead-{i:06d}" for i, unnamed in enumerate(anonymous.tolist())
        ),
        anonymous=anonymous,
        trial=(rng.random(leads) < TRIALS) & ~anonymous,
        fit=np.where(anonymous, _ANONYMOUS_FIT, size_fit + _SENIORITY_FIT[seniority] + _INDUSTRY_FIT[industry]),
        tempo=rng.lognormal(0.0, 0.4, leads),
        profiles=tuple(
            "" if unnamed else _profile(size, _SENIORITY[rank], _INDUSTRY[trade])
            for unnamed, size, rank, trade in zip(
                anonymous.tolist(), employees.tolist(), seniority.tolist(), industry.tolist(), strict=True
            )
        ),
    )


def _profile(employees: int, seniority: str, industry: str) -> str:
    fields = {"employees": employees, "seniority": seniority, "industry": industry}
    return json.dumps(fields, separators=(",", ":"))
