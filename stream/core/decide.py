"""Which updates leave: score changes and spike alerts, lead by lead, event by event.

A model swap is no news about a lead. When the model that scores a lead is not the one that scored it last, the new
model first scores the lead as it was before the event; the difference is the swap's, and the hours of the spike window
and the last told log-odds are shifted by it. So an alert compares scores of one model only, and a change that the swap
alone made is told as such. docs/decisions.md has the rules in words.
"""

from typing import Final, NamedTuple

import numpy as np

from schemas.settings import Decisions
from stream.core.features import Vector
from stream.core.fold import Folded
from stream.core.kernel import kernel
from stream.core.lead import COUNTED, Flags, Ints
from stream.core.octets import Octets
from stream.core.row import Rows
from stream.core.standing import (
    ALERTED,
    CLOCK,
    HOURS,
    NEVER_ALERTED,
    NO_PERCENTILE,
    SCORED,
    SCORED_BY,
    SCORED_TIER,
    SEQUENCE,
    TOLD,
    TOLD_BY,
    TOLD_PERCENTILE,
    TOLD_REBASED,
    TOLD_TIER,
    Standing,
    clear_standing,
    new_standing,
    pack_standing,
    rise_above,
    standing_limit,
    unpack_standing,
    widen,
)
from stream.core.tiles import HOUR

NOTHING: Final = 0
BY_EVENT: Final = 1
BY_MODEL: Final = 2
BY_CLOCK: Final = 3

RISE: Final = 1
TOP_TIER: Final = 2


class Judge(NamedTuple):
    """What scores are judged by.

    number: the model's. edges: log-odds at which the tiers begin, the highest first. percentiles: 101 log-odds of the
    reference population, or none. change, rise: log-odds. window: hours. cooldown: milliseconds.
    """

    number: np.uint64
    edges: Vector
    percentiles: Vector
    change: np.float32
    rise: np.float32
    window: int
    cooldown: int


class Decided(NamedTuple):
    """E events of L leads.

    change: NOTHING, BY_EVENT, BY_MODEL or BY_CLOCK. alert: NOTHING, RISE or TOP_TIER. rise: log-odds above the window's
    lowest. tier, percentile: of each counted event. sequence: of the change. told_*: the lead's last change before this
    one (`told_sequence` 0 where there was none; `told_same` whether by the same model). rows as in `Folded`.
    """

    change: Ints
    alert: Ints
    rise: Vector
    tier: Ints
    percentile: Ints
    sequence: Ints
    told_sequence: Ints
    told_same: Flags
    told: Vector
    told_tier: Ints
    told_percentile: Ints
    rows: Octets
    row_at: Ints


def judge(settings: Decisions, number: int, edges: Vector, percentiles: Vector) -> Judge:
    """The judge of one model's scores."""
    return Judge(
        np.uint64(number),
        edges,
        percentiles,
        np.float32(settings.change_log_odds),
        np.float32(settings.spike.rise_log_odds),
        settings.spike.window // HOUR,
        settings.spike.cooldown,
    )


class Decider:
    """Decides batches."""

    def __init__(self) -> None:
        self._standing = new_standing()

    def decide(
        self,
        lead: Ints,
        folded: Folded,
        rows: Rows,
        log_odds: Vector,
        before: Vector,
        judged_by: Judge,
        sweep: bool = False,
    ) -> Decided:
        """`lead`: index of each event's lead, rising. `rows`: L packed standings, empty where there is none.
        `log_odds`: E scores, of which those of counted events matter. `before`: L scores by this model of each lead as
        it was before the batch. `sweep`: the events are a sweep's looks at their leads, which never alert.
        """
        events, leads = len(log_odds), len(rows.start)
        known = int((rows.end - rows.start).sum())
        # A standing grows by at most one hour an event; its fixed part takes below 128 bytes. An hour takes 9 bytes at
        # least, and `standing_limit` asks for 17: so twice what there is.
        decided = _outputs(events, leads, 2 * known + 160 * leads + 17 * (events + leads))
        _decide(lead, folded, rows, log_odds, before, judged_by, sweep, self._standing, decided)
        return decided


def _outputs(events: int, leads: int, size: int) -> Decided:
    ints = [np.zeros(events, np.int64) for _ in range(8)]
    return Decided(
        change=ints[0],
        alert=ints[1],
        rise=np.zeros(events, np.float32),
        tier=ints[2],
        percentile=ints[3],
        sequence=ints[4],
        told_sequence=ints[5],
        told_same=np.zeros(events, np.bool_),
        told=np.zeros(events, np.float32),
        told_tier=ints[6],
        told_percentile=ints[7],
        rows=np.empty(size, np.uint8),
        row_at=np.zeros(leads + 1, np.int64),
    )


@kernel
def _decide(
    lead: Ints,
    folded: Folded,
    rows: Rows,
    log_odds: Vector,
    before: Vector,
    by: Judge,
    sweep: bool,
    standing: Standing,
    out: Decided,
) -> None:
    event = 0
    at = 0
    for who in range(rows.start.size):
        if rows.start[who] == rows.end[who]:
            clear_standing(standing)
        else:
            unpack_standing(rows.data, rows.start[who], standing)
        while event < lead.size and lead[event] == who:
            if folded.verdict[event] == COUNTED:
                _rebase(standing, before[who], by)
                if sweep:
                    standing.numbers[CLOCK] = folded.as_of[event]
                quiet = sweep or folded.converted[event]
                _judge(standing, event, log_odds[event], folded.as_of[event], quiet, by, out)
                if sweep and out.change[event] == BY_EVENT:
                    out.change[event] = BY_CLOCK
            event += 1
        assert at + standing_limit(standing) <= out.rows.size
        at = pack_standing(standing, out.rows, at)
        out.row_at[who + 1] = at


@kernel
def _rebase(standing: Standing, before: np.float32, by: Judge) -> None:
    """Takes the difference between the models out of everything that this model's scores are compared with."""
    if standing.models[SCORED_BY] == by.number or standing.models[SCORED_BY] == 0:
        return
    shift = np.float32(before - standing.log_odds[SCORED])
    for i in range(standing.numbers[HOURS]):
        standing.low[i] = np.float32(standing.low[i] + shift)
        standing.high[i] = np.float32(standing.high[i] + shift)
    if standing.models[TOLD_BY] == by.number:
        standing.log_odds[TOLD_REBASED] = standing.log_odds[TOLD]
    else:
        standing.log_odds[TOLD_REBASED] = np.float32(standing.log_odds[TOLD_REBASED] + shift)
    standing.log_odds[SCORED] = before
    standing.numbers[SCORED_TIER] = _tier(before, by.edges)
    standing.models[SCORED_BY] = by.number


@kernel
def _judge(
    standing: Standing, event: int, scored: np.float32, as_of: int, quiet: bool, by: Judge, out: Decided
) -> None:
    """`quiet`: no alert may leave."""
    tier = _tier(scored, by.edges)
    rise = rise_above(standing, scored, as_of // HOUR, by.window)
    new = standing.models[SCORED_BY] == 0
    entered = tier == 0 and (new or standing.numbers[SCORED_TIER] != 0)
    cool = standing.numbers[ALERTED] == NEVER_ALERTED or as_of - standing.numbers[ALERTED] >= by.cooldown
    alert = NOTHING
    if cool and not quiet and (entered or rise >= by.rise):
        alert = TOP_TIER if entered else RISE
        standing.numbers[ALERTED] = as_of
    out.tier[event] = tier
    out.percentile[event] = _percentile(scored, by.percentiles)
    out.alert[event] = alert
    out.rise[event] = rise
    out.change[event] = _change(standing, scored, tier, alert != NOTHING, by)
    standing.log_odds[SCORED] = scored
    standing.numbers[SCORED_TIER] = tier
    standing.models[SCORED_BY] = by.number
    widen(standing, scored, as_of // HOUR, by.window)
    if out.change[event] != NOTHING:
        _tell(standing, event, scored, by.number, out)


@kernel
def _change(standing: Standing, scored: np.float32, tier: int, alerted: bool, by: Judge) -> int:
    """Whether the readers' last score is out of date, and whether the lead or the model made it so."""
    if standing.numbers[SEQUENCE] == 0 or alerted:
        return BY_EVENT
    # Where the model told it and none came between, the rebased score is the told one, and its tier the told one.
    rebased = standing.log_odds[TOLD_REBASED]
    if abs(scored - rebased) >= by.change or tier != _tier(rebased, by.edges):
        return BY_EVENT
    told = standing.log_odds[TOLD]
    return BY_MODEL if abs(scored - told) >= by.change or tier != standing.numbers[TOLD_TIER] else NOTHING


@kernel
def _tell(standing: Standing, event: int, scored: np.float32, number: np.uint64, out: Decided) -> None:
    out.told_sequence[event] = standing.numbers[SEQUENCE]
    out.told_same[event] = standing.models[TOLD_BY] == number
    out.told[event] = standing.log_odds[TOLD]
    out.told_tier[event] = standing.numbers[TOLD_TIER]
    out.told_percentile[event] = standing.numbers[TOLD_PERCENTILE]
    standing.numbers[SEQUENCE] += 1
    out.sequence[event] = standing.numbers[SEQUENCE]
    standing.numbers[TOLD_TIER] = out.tier[event]
    standing.numbers[TOLD_PERCENTILE] = out.percentile[event]
    standing.log_odds[TOLD] = scored
    standing.log_odds[TOLD_REBASED] = scored
    standing.models[TOLD_BY] = number


@kernel
def _tier(scored: np.float32, edges: Vector) -> int:
    for i in range(edges.size):
        if scored >= edges[i]:
            return i
    return edges.size


@kernel
def _percentile(scored: np.float32, percentiles: Vector) -> int:
    """The largest whole percentile whose log-odds lie below the score; 0 where none does."""
    if percentiles.size == 0:
        return NO_PERCENTILE
    return max(0, int(np.searchsorted(percentiles, scored)) - 1)
