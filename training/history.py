"""The history judged: whether a log is long, full and clean enough to learn from, in figures and named findings."""

from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

import numpy as np

from schemas.target import Target
from schemas.times import DAY, format_duration, format_time
from stream.core.lead import LATER, Ints
from training.lives import Lives
from training.log import EventLog
from training.taking import LeftOut

Verdict = Literal["passed", "warned", "blocked"]

MONTH: Final = 365.25 * DAY / 12
SHORT: Final = 6
LONG: Final = 12
"""Months: less than SHORT has not seen the seasons, and LONG is enough for most."""
FEW_LEADS: Final = 100
"""Leads a month below which practitioners keep to rules."""
UNEXPLAINED: Final = 0.2
"""Share of outcomes without any activity before them above which they are credited to the wrong leads, or too late."""
UNJOINED: Final = 0.8
"""Above this the ids of events and outcomes do not mean the same leads."""
LATE: Final = 0.2
"""Share of outcomes later than the window above which the window is too short."""
BUSY: Final = 20
"""Times the 99th percentile of events: a lead with more is a machine, or several people."""
BUSY_LEAST: Final = 500
BUSY_SHARE: Final = 0.05
ASTRAY: Final = 0.1
REPEATED: Final = 0.05
LATE_CREATED: Final = 0.05


@dataclass(frozen=True)
class Finding:
    """A named check of the history, in the shape of all checks."""

    code: str
    title: str
    verdict: Verdict
    sentence: str


def judge_history(log: EventLog, left_out: LeftOut, target: Target) -> tuple[dict[str, Any], tuple[Finding, ...]]:
    """The figures for manifest and report, and what is to be thought of them."""
    figures = describe_history(log, left_out, target)
    return figures, (
        _length(figures),
        _volume(figures),
        _delay(figures, target),
        _activity(figures),
        _outliers(figures),
        _order(figures),
        *([_list(figures)] if log.listed is not None else []),
    )


def as_checks(findings: tuple[Finding, ...]) -> tuple[dict[str, str], ...]:
    """The findings as the manifest has them."""
    return tuple(asdict(finding) for finding in findings)


def describe_history(log: EventLog, left_out: LeftOut, target: Target) -> dict[str, Any]:
    """The figures alone. Delays are in days from a lead's first event to its outcome."""
    lives = log.lives
    seen = lives.first < LATER
    converted = seen & (lives.outcome < LATER)
    delay = (lives.outcome[converted] - lives.first[converted]) / DAY
    busy = _busy(lives.events[seen])
    values = lives.value[converted][~np.isnan(lives.value[converted])]
    events = int(lives.events[seen].sum())
    return {
        "first": format_time(log.begin),
        "last": format_time(log.end),
        "months": round((log.end - log.begin) / MONTH, 2),
        "leads_by_month": _by_month(lives.first[seen]),
        "outcomes_by_month": _by_month(lives.outcome[converted]),
        "leads_a_month": _a_month(int(seen.sum()), log),
        "outcomes": int(converted.sum()),
        "delay_median": _quantile(delay, 0.5),
        "delay_p90": _quantile(delay, 0.9),
        "later_than_window": _share((delay > target.within / DAY).sum(), len(delay)),
        "without_activity": _share(_inactive(lives, converted), int(converted.sum())),
        "events_per_lead_median": _quantile(lives.events[seen], 0.5),
        "events_per_lead_p99": _quantile(lives.events[seen], 0.99),
        "events_per_lead_most": int(lives.events[seen].max(initial=0)),
        "busy_leads": int(busy.sum()),
        "busy_share_of_events": _share(int(lives.events[seen][busy].sum()), events),
        "unordered": log.unordered,
        "repeated": left_out.repeated,
        "events": events,
        "revenue": round(float(values.sum()), 2) if len(values) else None,
        "revenue_median": _quantile(values, 0.5) if len(values) else None,
        "listed": asdict(log.listed) if log.listed is not None else None,
    }


def _length(figures: dict[str, Any]) -> Finding:
    months = figures["months"]
    text = f"the log spans {months:.1f} months"
    title = "The history is long enough"
    if months < SHORT:
        sentence = f"{text}: less than {SHORT} have not seen a year's ups and downs; train again as it grows"
        return Finding("history_length", title, "warned", sentence)
    more = f", of which the latest {LONG} are usually enough" if months > 2 * LONG else ""
    return Finding("history_length", title, "passed", f"{text}{more}; {SHORT} to {LONG} are asked for")


def _volume(figures: dict[str, Any]) -> Finding:
    leads = figures["leads_a_month"]
    title = "Enough leads a month"
    if leads < FEW_LEADS:
        sentence = f"{leads:.0f} leads a month: below {FEW_LEADS} tuned rules serve better than a model"
        return Finding("leads_a_month", title, "warned", sentence)
    return Finding("leads_a_month", title, "passed", f"{leads:.0f} leads a month; below {FEW_LEADS} rules serve better")


def _delay(figures: dict[str, Any], target: Target) -> Finding:
    title, window = "The window fits how long leads take", format_duration(target.within)
    if figures["outcomes"] == 0:
        return Finding("label_delay", title, "warned", "no lead has the outcome")
    text = (
        f"half of the outcomes come within {figures['delay_median']:.1f} days of the first event and nine in ten "
        f"within {figures['delay_p90']:.1f}; {figures['later_than_window']:.0%} come later than the window of {window}"
    )
    if figures["later_than_window"] > LATE:
        return Finding("label_delay", title, "warned", f"{text}: a longer target.within would count them")
    return Finding("label_delay", title, "passed", text)


def _activity(figures: dict[str, Any]) -> Finding:
    share, title = figures["without_activity"], "Outcomes follow from activity"
    text = f"{share:.0%} of {figures['outcomes']} outcomes have no signal before them"
    if share > UNJOINED:
        sentence = f"{text}: events and outcomes seem to name leads differently; give both the same ids"
        return Finding("outcomes_without_activity", title, "blocked", sentence)
    if share > UNEXPLAINED:
        sentence = f"{text}: they were bought elsewhere or credited wrongly, and no model can foresee them"
        return Finding("outcomes_without_activity", title, "warned", sentence)
    return Finding("outcomes_without_activity", title, "passed", text)


def _outliers(figures: dict[str, Any]) -> Finding:
    leads, share, title = figures["busy_leads"], figures["busy_share_of_events"], "No lead is a crowd or a machine"
    text = (
        f"the busiest lead has {figures['events_per_lead_most']:,} events, 99 in 100 have at most "
        f"{figures['events_per_lead_p99']:,.0f}"
    )
    if leads and share > BUSY_SHARE:
        sentence = f"{text}; {leads} leads with far more hold {share:.0%} of all events: filter robots and test users"
        return Finding("outliers", title, "warned", sentence)
    return Finding("outliers", title, "passed", f"{text}; {leads} have far more")


def _order(figures: dict[str, Any]) -> Finding:
    events, title = max(figures["events"], 1), "Events come once and in order"
    text = (
        f"{figures['unordered']:,} of {figures['events']:,} events stand after a later one and were put in order, "
        f"{figures['repeated']:,} repeat an id and count once"
    )
    if figures["repeated"] / events > REPEATED:
        return Finding("repeated_events", title, "warned", f"{text}: look for what sends events twice")
    return Finding("repeated_events", title, "passed", text)


def _list(figures: dict[str, Any]) -> Finding:
    """Of the list of outcomes: whether its leads are the log's, and its times the log's."""
    listed, title = figures["listed"], "The list of outcomes fits the log"
    zones = ", ".join(listed["zones"])
    text = (
        f"of {listed['rows']} rows {listed['counting']} count, {listed['unknown_leads']} name leads without an event, "
        f"{listed['before_first_event']} come before their lead's first event; times are in {zones}"
    )
    astray = _share(listed["unknown_leads"], listed["rows"])
    if astray > UNJOINED:
        sentence = f"{text}: events and outcomes seem to name leads differently; give both the same ids"
        return Finding("listed_outcomes", title, "blocked", sentence)
    if astray > ASTRAY:
        return Finding("listed_outcomes", title, "warned", f"{text}: nothing is learned from leads without an event")
    if _share(listed["before_first_event"], listed["counting"]) > LATE_CREATED:
        sentence = f"{text}: such leads were entered after they had won; a log that begins earlier would have them"
        return Finding("listed_outcomes", title, "warned", sentence)
    return Finding("listed_outcomes", title, "passed", text)


def _inactive(lives: Lives, converted: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> int:
    """How many outcomes have no signal before them."""
    return int((lives.active[converted] >= lives.outcome[converted]).sum())


def _busy(events: Ints) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    if len(events) == 0:
        return np.zeros(0, np.bool_)
    limit: np.ndarray[tuple[int], np.dtype[np.bool_]] = events > max(
        BUSY_LEAST, BUSY * float(np.quantile(events, 0.99))
    )
    return limit


def _by_month(times: Ints) -> dict[str, int]:
    months, counts = np.unique(times.astype("datetime64[ms]").astype("datetime64[M]"), return_counts=True)
    return dict(zip(months.astype(str).tolist(), counts.tolist(), strict=True))


def _a_month(leads: int, log: EventLog) -> float:
    """Over the whole log; one shorter than a month counts as one."""
    return round(leads / max((log.end - log.begin) / MONTH, 1.0), 1)


def _quantile(values: np.ndarray[tuple[int], np.dtype[Any]], share: float) -> float:
    return round(float(np.quantile(values, share)), 4) if len(values) else 0.0


def _share(part: int, whole: int) -> float:
    return round(part / whole, 6) if whole else 0.0
