"""Leads whose probability of converting is known: a model recovers it, in order and in value."""

from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest

from schemas.learning import Learning
from schemas.settings import Settings
from schemas.target import AfterDays, Target
from schemas.times import DAY, HOUR, format_time
from stream.core.fold import Matrix
from tests.training.logs import BEGIN, settings, write
from training.job import Options, Trained, train
from training.likelihood import probability
from training.parity import Files
from training.ranking import auc
from training.saying import in_silence
from training.split import Floor

LEADS: Final = 9_000
ARRIVALS: Final = 200


def known() -> Settings:
    """One moment, a day after the first event, and no tuning."""
    target = Target(moments=AfterDays(days=(1,)), within=30 * DAY)
    learning = Learning(candidates=("logistic", "gradient_boosting"), budget=0)
    return settings().model_copy(update={"target": target, "learning": learning})


def truth(visits: Any, pricing: Any, employees: Any) -> Any:
    """Log-odds of converting between a day and 31 days after the first event, by what was done on the first day."""
    return -3.4 + 0.9 * np.log1p(visits) + 1.1 * np.log1p(pricing) + 0.2 * np.log1p(employees)


def events(shuffled: bool = False) -> list[dict[str, Any]]:
    """All that a lead ever does happens in the first 20 hours, and then it converts by its truth, or not."""
    random = np.random.default_rng(11)
    visits, pricing = random.poisson(2, LEADS), random.poisson(0.7, LEADS)
    employees = random.integers(1, 500, LEADS)
    chance = probability(truth(visits + pricing, pricing, employees))
    converts = random.random(LEADS) < (random.permutation(chance) if shuffled else chance)
    found = []
    for lead in range(LEADS):
        begin = BEGIN + int(random.uniform(0, ARRIVALS) * DAY)
        rows: list[dict[str, Any]] = [{"type": "profile", "fields": {"employees": int(employees[lead])}, "time": begin}]
        paths = ["/docs"] * int(visits[lead]) + ["/pricing"] * int(pricing[lead])
        rows += [
            {"type": "web", "name": "page_view", "path": path, "time": begin + int(random.uniform(0.1, 20) * HOUR)}
            for path in paths
        ]
        if converts[lead]:
            rows.append({"type": "outcome", "name": "converted", "time": begin + int(random.uniform(1.1, 30.9) * DAY)})
        for number, row in enumerate(rows):
            found.append(row | {"lead": f"l{lead}", "id": f"{lead}-{number}", "time": format_time(row["time"])})
    last = {"type": "web", "name": "page_view", "lead": "l0", "id": "last"}
    return [*found, last | {"time": format_time(BEGIN + (ARRIVALS + 40) * DAY)}]


def trained(folder: Path, rows: list[dict[str, Any]]) -> Trained:
    path = write(folder / "log.jsonl.gz", rows)
    return train(known(), Options([path], "native", 0, Floor(200, 25)), in_silence)


def column(features: Matrix, name: str) -> Any:
    return features[:, [feature.name for feature in known().features].index(name)].astype(np.float64)


@pytest.fixture(scope="module")
def recovered(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    return trained(tmp_path_factory.mktemp("truth"), events())


def test_calibrated_scores_are_near_the_truth_and_in_nearly_the_best_order(recovered: Trained) -> None:
    test = recovered.test
    right = truth(*(column(test.features, name) for name in ("visits_24h", "pricing_24h", "employees")))
    files = Files(recovered.files.score, recovered.files.explain)
    assert len(test) > 1_500
    assert np.abs(files.probability(test.features) - probability(right)).mean() <= 0.03
    assert auc(files.log_odds(test.features).astype(np.float64), test.label) >= auc(right, test.label) - 0.01
    assert recovered.blocked == []


def test_its_calibration_says_so_too(recovered: Trained) -> None:
    found = recovered.manifest.metrics["test"]
    assert found["calibration_slope"]["low"] <= 1 <= found["calibration_slope"]["high"]
    assert found["calibration_intercept"]["low"] <= 0 <= found["calibration_intercept"]["high"]
    assert found["brier_skill"]["low"] > 0


def test_more_leads_make_it_no_worse_and_the_curve_ends_at_the_model_itself(recovered: Trained) -> None:
    curve = recovered.manifest.metrics["learning_curve"]
    assert [point["leads"] for point in curve] == sorted(point["leads"] for point in curve)
    assert curve[-1]["auc"] == {
        name: pytest.approx(value, abs=1e-6) for name, value in recovered.manifest.metrics["test"]["auc"].items()
    }


def test_outcomes_dealt_out_by_lot_give_chance_and_no_model(tmp_path: Path) -> None:
    found = trained(tmp_path, events(shuffled=True))
    area = found.manifest.metrics["test"]["auc"]
    assert area["low"] < 0.5 < area["high"]
    assert any(text.startswith("Better than chance") for text in found.blocked)


def test_the_wall_clock_leaves_no_trace(recovered: Trained, tmp_path: Path) -> None:
    again = trained(tmp_path, events())
    assert again.files.digest == recovered.files.digest
    assert replace(again, test=recovered.test).report == recovered.report
