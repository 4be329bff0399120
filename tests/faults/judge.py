"""The invariants of every row: what the oracle makes of the input log is what readers of committed records find."""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from stream.models.rules import rules_model
from tests.faults.load import Delivered
from tests.faults.outcome import Findings
from tests.integration.deployment import Broker, Deployment
from tests.integration.expectation import (
    Expected,
    assert_latest_is_last,
    assert_state_equals,
    expect,
    in_offset_order,
    read_emissions,
    scorer,
)
from tests.integration.topics import Record, read_all
from tests.oracle.decisions import Emission, Scorer, Trigger, output_id
from tests.oracle.matching import Event

LATE = "late"
"""Why an event that the oracle finds too old becomes a dead letter."""

Log = list[tuple[Event, Trigger]]
ModelAt = Callable[[Trigger], Scorer]


@dataclass
class Outputs:
    """The output topics as a subscriber who deduplicates by id has them.

    repeated: how many records had an id that was there before. unlike: the ids of those whose content was another.
    """

    broker: Broker
    topics: Sequence[str]
    once: dict[str, list[Record]] = field(default_factory=dict)
    repeated: int = 0
    unlike: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        for topic in self.topics:
            first: dict[str, Record] = {}
            for record in read_all(self.broker, topic):
                name = dict(record.headers)["ce_id"].decode()
                if name in first:
                    self.repeated += 1
                    if not _alike(first[name], record):
                        self.unlike.append(name)
                else:
                    first[name] = record
            self.once[topic] = list(first.values())

    def read(self, broker: Broker, topic: str) -> list[Record]:
        """Takes the place of `read_all`."""
        return self.once[topic]

    @property
    def ids(self) -> set[str]:
        """Of all records."""
        return {dict(record.headers)["ce_id"].decode() for records in self.once.values() for record in records}


def judge(
    deployment: Deployment,
    delivered: Sequence[Delivered],
    findings: Findings,
    *,
    exactly_once: bool,
    model_at: ModelAt | None = None,
) -> Expected:
    """Compares everything that was written with what the oracle expects of the records of one input topic."""
    expected = expect_of_one_topic(deployment, delivered, model_at)
    outputs = read_outputs(deployment)
    count(deployment, expected, delivered, outputs, findings)
    judge_repetitions(outputs, findings, exactly_once)
    emissions: dict[str, list[Emission]] = {}

    def told() -> None:
        emissions.update(read_emissions(deployment, outputs.read))
        _compare(emissions, expected, findings)
        _check_sequences(emissions, findings)
        assert_latest_is_last(deployment, emissions)

    holds(findings, "outputs", told)
    holds(findings, "state", lambda: assert_state_equals(deployment, expected.leads))
    holds(findings, "dead letters", lambda: check_letters(deployment, delivered, expected, outputs, findings))
    return expected


def expect_of_one_topic(
    deployment: Deployment, delivered: Sequence[Delivered], model_at: ModelAt | None = None
) -> Expected:
    """What the oracle makes of these records; the scorecard scores where no other model is told."""
    log = [(each.injected.event, each.trigger) for each in delivered if each.injected.event is not None]
    rules = scorer(rules_model(deployment.settings), deployment.settings)
    return expect(deployment, in_offset_order(log), model_at or (lambda _: rules))


def read_outputs(deployment: Deployment) -> Outputs:
    """All output topics."""
    names = deployment.names
    return Outputs(deployment.broker, [names.changes, names.latest, names.alerts, names.dead_letters])


def count(
    deployment: Deployment,
    expected: Expected,
    delivered: Sequence[Delivered],
    outputs: Outputs,
    findings: Findings,
) -> None:
    """By ids alone, before anything else is looked at: what is missing, what came again, and what nobody expects."""
    application = deployment.settings.application
    wanted = {output_id(application, "dead-letter", "", trigger) for trigger in refused(delivered, expected)}
    known = set()
    for story in expected.emissions.values():
        wanted |= {each.id for each in story}
        wanted |= {each.alert.id for each in story if each.alert is not None}
        # Of a lead's latest scores the brokers may have removed all but the last already.
        latest = [output_id(application, "latest", each.lead, each.trigger) for each in story]
        wanted.add(latest[-1])
        known.update(latest)
    found = outputs.ids
    findings.lost += len(wanted - found)
    findings.duplicated += outputs.repeated
    unknown = found - wanted - known
    findings.require(not unknown, f"{len(unknown)} outputs that the oracle does not know")


def judge_repetitions(outputs: Outputs, findings: Findings, exactly_once: bool) -> None:
    """With exactly_once nothing may be there twice; without, the same may."""
    if exactly_once:
        findings.require(outputs.repeated == 0, f"{outputs.repeated} outputs twice")
    findings.require(not outputs.unlike, f"{len(outputs.unlike)} repeated outputs with another content")


def refused(delivered: Sequence[Delivered], expected: Expected) -> dict[Trigger, tuple[Delivered, str]]:
    """The records that are to become dead letters, each with its reason."""
    found = {}
    for each in delivered:
        late = expected.verdicts.get(each.trigger) == LATE
        if each.injected.event is None or late:
            found[each.trigger] = (each, LATE if late else each.injected.reason)
    return found


def check_letters(
    deployment: Deployment,
    delivered: Sequence[Delivered],
    expected: Expected,
    outputs: Outputs,
    findings: Findings,
) -> None:
    """One letter for each refused record: its key, value and own headers byte for byte, and where it came from."""
    letters: dict[Trigger, tuple[Any, ...]] = {}
    for letter in outputs.once[deployment.names.dead_letters]:
        told = dict(letter.headers)
        origin = Trigger(
            told["__connect.errors.topic"].decode(),
            int(told["__connect.errors.partition"]),
            int(told["__connect.errors.offset"]),
        )
        assert origin not in letters, f"two letters of {origin}"
        letters[origin] = (told["leadpulse.reason"].decode(), letter.key, letter.value, letter.headers)
    wrong: Counter[str] = Counter()
    for trigger, (each, reason) in refused(delivered, expected).items():
        record = each.injected.record
        own = record.headers or []
        found = letters.pop(trigger, None)
        if found is None:
            wrong[f"no letter ({reason})"] += 1
        elif (*found[:3], found[3][len(found[3]) - len(own) :]) != (reason, record.key, record.value, own):
            wrong[f"{found[0]} where {reason} was due" if found[0] != reason else f"other bytes ({reason})"] += 1
    findings.require(not wrong, f"dead letters: {dict(wrong)}")
    findings.require(not letters, f"{len(letters)} dead letters of good records")


def holds(findings: Findings, what: str, check: Callable[[], object]) -> None:
    """Makes a complaint of what the check asserts in vain."""
    try:
        check()
    except AssertionError as error:
        findings.complaints.append(f"{what}: {' '.join(str(error).split())[:300] or 'not as they must be'}")


def _alike(one: Record, other: Record) -> bool:
    """Equal, or by two models: what was done again after a swap is scored by the model of then."""
    if (one.key, one.value) == (other.key, other.value):
        return True
    scored = b'"model"' in (one.value or b"") and b'"model"' in (other.value or b"")
    return one.key == other.key and scored and one.content["model"] != other.content["model"]


def _compare(emissions: dict[str, list[Emission]], expected: Expected, findings: Findings) -> None:
    found = {each.id: each for story in emissions.values() for each in story}
    wanted = {each.id: each for story in expected.emissions.values() for each in story}
    other = [name for name, each in wanted.items() if name in found and found[name] != each]
    findings.require(
        not other,
        f"{len(other)} score changes differ from the oracle's" + _first_difference(found[other[0]], wanted[other[0]])
        if other
        else "",
    )


def _first_difference(found: Emission, wanted: Emission) -> str:
    for name, one, other in zip(Emission._fields, found, wanted, strict=True):
        if one != other:
            return f", the first in {name}: {one!r:.80} and not {other!r:.80}"
    return ""


def _check_sequences(emissions: dict[str, list[Emission]], findings: Findings) -> None:
    broken = defaultdict(list)
    for lead, story in emissions.items():
        if [each.sequence for each in story] != list(range(1, len(story) + 1)):
            broken["sequence"].append(lead)
        if [each.previous for each in story] != [None, *(each.score for each in story[:-1])]:
            broken["previous"].append(lead)
    for name, leads in broken.items():
        findings.complaints.append(f"{name} with gaps for {len(leads)} leads, such as {leads[0]}")
