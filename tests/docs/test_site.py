"""The documentation builds as a site, and what is written by programs in it is as they write it now."""

import subprocess
import sys
from pathlib import Path

import yaml

from leadpulse.reference.features_page import features_page
from leadpulse.reference.settings_page import settings_page
from schemas.load import default_settings, load_settings
from schemas.settings import Settings
from tests.docs.blocks import ROOT, blocks


def test_the_site_builds_without_a_warning_and_asks_no_other_host(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path / "site")]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    page = (tmp_path / "site" / "index.html").read_text(encoding="utf-8")
    assert "fonts.googleapis" not in page
    assert '<script src="http' not in page
    assert '<link rel="stylesheet" href="http' not in page


def test_the_reference_of_settings_is_fresh() -> None:
    assert (ROOT / "docs" / "settings.md").read_text(encoding="utf-8") == settings_page(), "run: make docs"


def test_the_reference_of_features_is_fresh() -> None:
    fresh = features_page(load_settings(None, {}))
    assert (ROOT / "docs" / "signals.md").read_text(encoding="utf-8") == fresh, "run: make docs"


def test_the_reference_has_every_setting_of_the_defaults() -> None:
    page = settings_page()
    for name, content in default_settings().items():
        assert f"| `{name}` |" in page
        if isinstance(content, dict):
            for inner in content:
                assert f"| `{name}.{inner}` |" in page


def test_the_settings_of_the_front_page_can_be_used() -> None:
    (text,) = [block.text for block in blocks("docs/index.md") if block.language == "yaml"]
    settings = Settings.model_validate(default_settings() | yaml.safe_load(text))
    assert settings.topics.prefix == "acme.prod"
