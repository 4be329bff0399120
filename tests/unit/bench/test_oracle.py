"""The bench's oracle, the product's core and the definitions' own oracle tell the same story of the reference job."""

from itertools import islice
from pathlib import Path

import numpy as np
import onnx
import pytest

from bench import oracle
from bench.generator import Traffic, calls
from bench.reference import LEAVES, TREES, VERIFIED, Reference, reference
from bench.verification import change_of
from schemas.digest import features_digest
from schemas.load import default_settings
from schemas.settings import Settings
from stream.core.ids import Origin
from stream.core.model import Model
from stream.sources import segment
from tests.oracle.decisions import Judged, Scorer, Trigger
from tests.scoring import Arrival, Scoring

CACHE = Path(__file__).parents[3] / "build" / "bench" / "models"
POLL = 1_000


@pytest.fixture(scope="module")
def job() -> Reference:
    return reference(CACHE)


@pytest.fixture(scope="module")
def log() -> list[bytes]:
    return [call.value for call in calls(VERIFIED)]


@pytest.fixture(scope="module")
def wanted(job: Reference, log: list[bytes]) -> list[oracle.Change]:
    return job.expected(log)


def test_the_job_is_the_one_that_is_asked_for(job: Reference) -> None:
    assert len(job.content["observed"]["signals"]) == 12
    assert len(job.content["features"]) == 40
    (trees,) = [node for node in onnx.load_from_string(job.files.score).graph.node if "Tree" in node.op_type]
    attributes = {each.name: onnx.helper.get_attribute_value(each) for each in trees.attribute}
    leaves = [tree for tree, mode in zip(attributes["nodes_treeids"], attributes["nodes_modes"], strict=True)
              if mode == b"LEAF"]  # fmt: skip
    assert len(set(leaves)) == TREES
    assert len(leaves) == TREES * LEAVES


@pytest.mark.parametrize("features", [20, 40, 80])
def test_the_job_has_variants_by_number_of_features(features: int) -> None:
    from bench.reference import content_of

    settings = Settings.model_validate(default_settings() | content_of(features))
    assert len(settings.features) == features


def test_the_product_tells_what_the_oracle_expects(
    job: Reference, log: list[bytes], wanted: list[oracle.Change]
) -> None:
    settings = Settings.model_validate(default_settings() | job.content)
    model = Model(job.files, features_digest(settings), settings.tiers)
    scoring = Scoring(settings)
    rows: dict[str, bytes] = {}
    found = []
    for start in range(0, len(log), POLL):
        events = [segment.decode(value) for value in log[start : start + POLL]]
        arrivals = [Arrival(event, Origin("web", 0, start + i), event.time) for i, event in enumerate(events)]
        processed = scoring.process(arrivals, rows, model, {0: {"web": start}})
        rows |= processed.rows
        found += [change_of(output.value or b"") for output in processed.outputs if output.kind == "change"]
    assert oracle.differences(wanted, found) == []


def test_every_rule_of_telling_is_met_by_the_verified_log(wanted: list[oracle.Change], log: list[bytes]) -> None:
    leads = {change.lead for change in wanted}
    assert 0.05 < len(leads) / len(log) < 0.1
    assert 1.5 * len(leads) < len(wanted) < 0.25 * len(log)
    assert {change.tier for change in wanted} == {"hot", "warm", "cold"}


def test_the_definitions_own_oracle_agrees(job: Reference) -> None:
    values = [call.value for call in islice(calls(Traffic(leads=100, events=1_200, active=10)), 1_200)]
    score = job.scorer()
    scorer = Scorer(
        "the ensemble",
        lambda features: np.float32(score(np.array([features, features], np.float32))[0]),
        tuple(np.float32(edge) for edge in job.edges),
        oracle.TIERS,
    )
    leads: dict[str, Judged] = {}
    found = []
    for offset, value in enumerate(values):
        event = segment.decode(value)
        raw = {name: getattr(event, name) for name in ("id", "lead", "time", "type", "name", "path", "properties")}
        judged = leads.setdefault(event.lead, Judged(job.content, "bench", event.lead))
        _, emission = judged.arrive(raw, Trigger("web", 0, offset), scorer)
        if emission is not None:
            told = emission.score
            found.append(
                oracle.Change(emission.lead, emission.sequence, emission.as_of, float(told.log_odds), told.tier)
            )
    assert len(found) > 100
    assert oracle.differences(job.expected(values), found) == []


def test_every_window_empties_again_in_the_verified_log(job: Reference, log: list[bytes]) -> None:
    _, _, rows = oracle.histories(job.content, log[::1])
    names = [each["name"] for each in job.content["features"]]
    for month, week in (("report_viewed_30d", "report_viewed_7d"), ("events_30d", "events_24h")):
        fewer = rows[:, names.index(week)] < rows[:, names.index(month)]
        assert fewer.mean() > 0.1, f"{week} never lost what {month} still holds"


CHANGE = oracle.Change("ann", 1, 1_000, -1.0, "cold")


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ([], "1 changes missing"),
        ([CHANGE, CHANGE._replace(sequence=2)], "1 changes too many"),
        ([CHANGE, CHANGE], "1 changes more than once"),
        ([CHANGE._replace(log_odds=-1.0001)], "1 changes differ"),
        ([CHANGE._replace(log_odds=float("nan"))], "1 changes differ"),
        ([CHANGE._replace(as_of=999)], "1 changes differ"),
        ([CHANGE._replace(tier="hot")], "1 changes differ"),
    ],
)
def test_a_wrong_output_is_named(found: list[oracle.Change], said: str) -> None:
    (sentence,) = oracle.differences([CHANGE], found)
    assert sentence.startswith(said)


def test_what_is_right_within_rounding_passes() -> None:
    other = CHANGE._replace(lead="bob")
    assert oracle.differences([CHANGE, other], [other._replace(log_odds=-1.000001), CHANGE]) == []
