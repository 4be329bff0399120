"""The log of a real freemium product: its figures are those that are honest for it."""

import argparse
import json
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from leadpulse.commands import train
from schemas.load import load_settings

FREEMIUM: Final = Path(__file__).parents[3] / "shared" / "data" / "freemium.jsonl.gz"
EXAMPLE: Final = Path(__file__).parents[2] / "examples" / "learning-platform.yaml"


@pytest.mark.skipif(
    not FREEMIUM.exists(), reason=f"the freemium log is not here ({FREEMIUM}): its figures go unchecked"
)
@pytest.mark.parametrize(
    "learning",
    [{"candidates": ["logistic"], "budget": 0}, pytest.param({}, marks=pytest.mark.nightly)],
    ids=["one family", "the example as it is"],
)
def test_the_freemium_log_gives_the_figures_that_are_honest_for_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], learning: dict[str, Any]
) -> None:
    assert len(load_settings(EXAMPLE).features) >= 30
    example: dict[str, Any] = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))
    config = tmp_path / "settings.yaml"
    config.write_text(yaml.safe_dump(example | {"learning": example.get("learning", {}) | learning}), encoding="utf-8")
    parser = argparse.ArgumentParser()
    train.add_parser(parser.add_subparsers())
    where = ["--config", str(config), "--out", str(tmp_path / "models")]
    arguments = parser.parse_args(["train", "--events", str(FREEMIUM), "--format", "segment", "--json", *where])
    assert arguments.run(arguments) == 0
    days: dict[str, Any] = json.loads(capsys.readouterr().out)["test"]["by_day"]
    # Known of this log, judged on later leads: .68, .70 and .71; counting what came after the purchase gives .96.
    for day, honest in (("1", 0.68), ("3", 0.70), ("7", 0.71)):
        area = days[day]["auc"]
        assert area["low"] < honest < area["high"] < 0.96
    assert days["1"]["auc"]["value"] >= 0.66
