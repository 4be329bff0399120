"""What docs/training.md tells people to do works."""

import subprocess
from pathlib import Path

from schemas.load import load_settings
from stream.models.registry import Registry
from stream.models.rules import rules_model
from tests.docs.blocks import blocks


def test_its_step_back_puts_another_model_in_force(tmp_path: Path) -> None:
    settings = load_settings(None, {})
    registry = Registry(tmp_path / "build" / "models")
    older = registry.add(rules_model(settings))
    newer = registry.add(
        rules_model(settings.model_copy(update={"tiers": settings.tiers.model_copy(update={"lowest": "low"})}))
    )
    registry.promote(newer)
    (command,) = [block.text for block in blocks("docs/training.md") if block.language == "sh"]
    subprocess.run(["sh", "-euc", command], cwd=tmp_path, env={"DIGEST": older, "PATH": "/usr/bin:/bin"}, check=True)
    assert older != newer
    assert registry.current() == older
