"""Path contributions beside SHAP's: both explain the same trees, and rank features much alike.

SHAP's TreeExplainer averages over all orders in which features could be asked; path contributions take the one order of
the tree (Saabas), which is what a fixed vector per leaf can hold and what costs microseconds. They are not the same
numbers; this measures how far the reasons that people read would differ.
"""

from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import pytest
from scipy.stats import kendalltau, spearmanr

from schemas.load import load_settings
from schemas.settings import Format, Settings
from stream.core.fold import Matrix
from tests.training.logs import World, events, settings, write
from training.arrays import DoubleRows
from training.calibration import Sigmoid
from training.candidates import Recipe, fit
from training.export import export
from training.families.boosted import Boosted
from training.log import read_log
from training.parity import Files
from training.prepared import prepare
from training.saying import in_silence
from training.split import Floor, Slices
from training.variables import variables_of

pytestmark = pytest.mark.nightly

ROOT: Final = Path(__file__).parents[2]
FREEMIUM: Final = ROOT.parent / "shared" / "data" / "freemium.jsonl.gz"
ROWS: Final = 1000
TOP: Final = 3


class Agreement(NamedTuple):
    """Means over rows. kendall, spearman: of the contributions by feature. shared: of the three that count most by one
    account, how many do by the other. first: how often both name the same one first. signs: how often what one counts
    among the three is for the lead, or against, by the other too.
    """

    kendall: float
    spearman: float
    shared: float
    first: float
    signs: float


def agreement(ours: DoubleRows, theirs: DoubleRows) -> Agreement:
    """Of two accounts [rows, features] of the same scores."""
    used = (ours != 0).any(axis=0) | (theirs != 0).any(axis=0)
    found = []
    for a, b in zip(ours[:, used], theirs[:, used], strict=True):
        top, other = (np.argsort(-np.abs(each), kind="stable")[:TOP] for each in (a, b))
        found.append(
            (
                kendalltau(a, b).statistic,
                spearmanr(a, b).statistic,
                len({*top.tolist()} & {*other.tolist()}) / TOP,
                float(top[0] == other[0]),
                float(np.mean(np.sign(a[top]) == np.sign(b[top]))),
            )
        )
    return Agreement(*np.mean(found, axis=0).tolist())


def both_accounts(slices: Slices, known: Settings, leaves: int) -> tuple[DoubleRows, DoubleRows, Matrix, Boosted]:
    """Contributions of 1,000 later rows by the exported file and by SHAP's own reading of the fitted model."""
    recipe = Recipe("gradient_boosting", {"leaves": leaves, "trees": 100})
    candidate = fit(recipe, slices.train, variables_of(known), 0)
    assert isinstance(candidate, Boosted)
    chosen = np.random.default_rng(0).permutation(len(slices.test))[:ROWS]
    rows = slices.test.features[chosen]
    files = Files(*export(candidate, Sigmoid(1.0, 0.0)))
    shap = pytest.importorskip("shap", reason="shap is not installed: it is in the extra `nightly`")
    explainer = shap.TreeExplainer(candidate.model, feature_perturbation="tree_path_dependent")
    theirs: DoubleRows = np.asarray(explainer.shap_values(rows.astype(np.float64)), np.float64)
    return files.contributions(rows)[:, :-1].astype(np.float64), theirs, rows, candidate


def slices_of(path: Path, format: Format, known: Settings) -> Slices:
    return prepare(known, read_log([path], format, known), Floor(100, 10), in_silence).slices


@pytest.fixture(scope="module", params=["small world", "freemium"])
def data(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Slices, Settings]:
    if request.param == "small world":
        path, known = write(tmp_path_factory.mktemp("log") / "log.jsonl", events(World())), settings()
        return slices_of(path, "native", known), known
    if not FREEMIUM.exists():
        pytest.skip(f"the freemium log is not here: {FREEMIUM}")
    known = load_settings(ROOT / "examples" / "learning-platform.yaml")
    return slices_of(FREEMIUM, "segment", known), known


@pytest.mark.parametrize("leaves", [4, 8, 31])
def test_path_contributions_rank_features_much_as_shap_does(
    data: tuple[Slices, Settings], leaves: int, capsys: pytest.CaptureFixture[str]
) -> None:
    ours, theirs, rows, candidate = both_accounts(*data, leaves)
    assert len(rows) == ROWS
    raw = candidate.raw(rows)
    # Both accounts are of the same scores: each sums to the log-odds but for a constant.
    assert np.ptp(raw - ours.sum(axis=1)) == pytest.approx(0, abs=1e-4)
    assert np.ptp(raw - theirs.sum(axis=1)) == pytest.approx(0, abs=1e-4)
    found = agreement(ours, theirs)
    with capsys.disabled():
        print(f"\n{leaves} leaves: " + ", ".join(f"{name} {value:.3f}" for name, value in found._asdict().items()))
    assert found.kendall > 0.65
    assert found.spearman > 0.75
    assert found.shared > 0.75
    assert found.first > 0.8
    assert found.signs > 0.95
