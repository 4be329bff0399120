"""The feature settings as arrays: what the kernel computes, feature by feature."""

from collections.abc import Iterable
from typing import Final, NamedTuple

import numpy as np

from schemas.features import (
    ActiveDays,
    Breadth,
    Count,
    Feature,
    Intensity,
    Landing,
    PerVisit,
    Profile,
    Recency,
    Sequence,
    Sum,
    Tenure,
    Velocity,
)
from schemas.settings import Settings
from schemas.signals import CategoryField
from stream.core.lead import Hashes, Ints
from stream.core.tiles import FIVE, tile_units

COUNT: Final = 0
ACTIVE_DAYS: Final = 1
RECENCY: Final = 2
INTENSITY: Final = 3
VELOCITY: Final = 4
BREADTH_SIGNALS: Final = 5
BREADTH_CHANNELS: Final = 6
SUM: Final = 7
PER_VISIT: Final = 8
SEQUENCE: Final = 9
TENURE: Final = 10
LANDING_PAGE: Final = 11
PROFILE_NUMBER: Final = 12
PROFILE_CATEGORY: Final = 13

WEIGHT_ONE: Final = 1 << 20
"""An intensity's weights are whole 2**-20ths: their sum does not depend on its order."""

_KIND: Final[dict[type, int]] = {
    Count: COUNT,
    ActiveDays: ACTIVE_DAYS,
    Recency: RECENCY,
    Intensity: INTENSITY,
    Velocity: VELOCITY,
    Sum: SUM,
    PerVisit: PER_VISIT,
    Sequence: SEQUENCE,
    Tenure: TENURE,
    Landing: LANDING_PAGE,
}


class Plan(NamedTuple):
    """One place a feature in each array of length F.

    kind: see the constants. signals, then: bit sets of signal numbers; members holds those of `signals` singly,
    feature i has member_at[i] to member_at[i + 1]. size: the largest number + 1. window: index into `windows`.
    first, second: parameters (hours, codes, field numbers, the place of the first weight).
    windows: length W in milliseconds and tile length in units of 5 minutes, one row each, the shortest first.
    weights: of intensities, by age in tiles. channels: the bit set of signals of each channel; web is the first.
    count_at: the place in `counts` of a feature that is the count of one signal, else -1. summed: whether any feature
    needs sums. begins, counts, sums: the kernel's work space, by window (and signal).
    """

    kind: Ints
    signals: Hashes
    then: Hashes
    member_at: Ints
    members: Ints
    size: int
    window: Ints
    first: Ints
    second: Ints
    windows: np.ndarray[tuple[int, int], np.dtype[np.int64]]
    weights: Ints
    channels: Hashes
    count_at: Ints
    summed: bool
    begins: Ints
    counts: Ints
    sums: Ints


def build_plan(settings: Settings) -> Plan:
    """The plan for these settings, whose names have been checked."""
    numbers = {signal.name: signal.number for signal in settings.observed.signals}
    size = len(settings.features)
    windows = sorted({_window(feature) for feature in settings.features})
    weights: list[int] = []
    members: list[list[int]] = []
    kind, window, first, second = (np.zeros(size, np.int64) for _ in range(4))
    signals, then = np.zeros(size, np.uint64), np.zeros(size, np.uint64)
    for i, feature in enumerate(settings.features):
        named = feature.first if isinstance(feature, Sequence) else getattr(feature, "signals", ())
        members.append(sorted({numbers[name] for name in named}) if named else sorted(numbers.values()))
        signals[i] = _bits(members[-1])
        window[i] = windows.index(_window(feature))
        kind[i], first[i], second[i] = _parameters(feature, settings, len(weights))
        if isinstance(feature, Sequence):
            then[i] = _bits(numbers[name] for name in feature.then)
        if isinstance(feature, Intensity):
            weights += intensity_weights(feature)
    member_at = np.zeros(size + 1, np.int64)
    np.cumsum([len(each) for each in members], out=member_at[1:])
    most = max(numbers.values()) + 1
    return Plan(
        kind=kind,
        signals=signals,
        then=then,
        member_at=member_at,
        members=np.array([number for each in members for number in each], np.int64),
        size=most,
        window=window,
        first=first,
        second=second,
        windows=np.array(windows, np.int64),
        weights=np.array(weights or [0], np.int64),
        channels=_channels(settings),
        count_at=np.array(
            [
                window[i] * most + each[0] if kind[i] == COUNT and len(each) == 1 else -1
                for i, each in enumerate(members)
            ],
            np.int64,
        ),
        summed=bool((kind == SUM).any()),
        begins=np.zeros(len(windows), np.int64),
        counts=np.zeros(len(windows) * most, np.int64),
        sums=np.zeros(len(windows) * most, np.int64),
    )


def intensity_weights(feature: Intensity) -> list[int]:
    """Weight by age in tiles: 2**20 x 2**(-age / half-life), to the nearest whole number."""
    tile = tile_units(feature.window) * FIVE
    return [round(WEIGHT_ONE * 2.0 ** (-age * tile / feature.half_life)) for age in range(feature.window // tile + 2)]


def _window(feature: Feature) -> tuple[int, int]:
    """Length and tile length; of a feature without a window, the shortest there is."""
    window = int(getattr(feature, "window", FIVE))
    return window, tile_units(window)


def _parameters(feature: Feature, settings: Settings, weights: int) -> tuple[int, int, int]:
    if isinstance(feature, Breadth):
        return (BREADTH_SIGNALS if feature.of == "signals" else BREADTH_CHANNELS), 0, 0
    if isinstance(feature, Intensity):
        return INTENSITY, weights, 0
    if isinstance(feature, Sequence):
        return SEQUENCE, feature.within // 3_600_000, 0
    if isinstance(feature, Landing):
        return LANDING_PAGE, [page.name for page in settings.observed.landing].index(feature.page) + 1, 0
    if isinstance(feature, Profile):
        field = next(field for field in settings.observed.profile if field.name == feature.field)
        if isinstance(field, CategoryField) and feature.equals is not None:
            return PROFILE_CATEGORY, field.number, field.values.index(feature.equals) + 1
        return PROFILE_NUMBER, field.number, 0
    return _KIND[type(feature)], 0, 0


def _channels(settings: Settings) -> Hashes:
    names = ("web", "email", "product", "crm", "intent")
    return np.array(
        [_bits(each.number for each in settings.observed.signals if each.channel == name) for name in names], np.uint64
    )


def _bits(numbers: Iterable[int]) -> int:
    return sum(1 << number for number in set(numbers))
