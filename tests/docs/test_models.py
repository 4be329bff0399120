"""What docs/models.md tells people to do works, and its tables are those of the code."""

import json
import os
import subprocess
import sys
from pathlib import Path

from schemas.load import load_settings
from stream.models.registry import Registry
from stream.models.rules import rules_model
from tests.docs.blocks import ROOT, blocks, named
from training.floors import FLOORS


def test_its_promotion_and_its_step_back_do_what_they_say(tmp_path: Path) -> None:
    settings = load_settings(None, {})
    registry = Registry(tmp_path / "build" / "models")
    older = registry.add(rules_model(settings))
    newer = registry.add(
        rules_model(settings.model_copy(update={"tiers": settings.tiers.model_copy(update={"lowest": "low"})}))
    )
    registry.promote(newer)
    (commands,) = [block.text for block in blocks("docs/models.md") if block.language == "sh"]
    path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    subprocess.run(["sh", "-euc", commands], cwd=tmp_path, env=os.environ | {"DIGEST": older, "PATH": path}, check=True)
    promoted, back = registry.promotions()[1:]
    assert (promoted.model, promoted.reason) == (older, "complaints about the new one")
    assert (back.action, back.model) == ("rollback", newer)
    assert registry.current() == newer


def test_it_has_every_floor_with_its_numbers() -> None:
    assert named("docs/models.md", "Too little data") == list(FLOORS)
    text = (ROOT / "docs" / "models.md").read_text(encoding="utf-8")
    for name, preset in FLOORS.items():
        assert f"| `{name}` | {preset.leads:,} | {preset.conversions} |" in text


def test_its_rules_check_says_what_it_promises() -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("leadpulse"), "rules", "check", "--json"],
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout)
    assert {"rules", "tiers", "best", "problems"} <= set(found)
