"""`leadpulse config`: the settings in force, and what each of them means."""

import argparse
import json
from pathlib import Path
from typing import Any

import yaml

from schemas.digest import configuration_digest, features_digest
from schemas.load import load_settings
from schemas.settings import Settings

DESCRIPTION = """Shows and explains settings.

examples:
  leadpulse config check --config leadpulse.yaml    the settings in force, secrets masked; exit 2 if they are wrong
  leadpulse config explain                          every setting with its meaning and an example (JSON Schema)
  leadpulse config reference settings               the same as a page to read (Markdown)
  leadpulse config reference features --config leadpulse.yaml
                                                    the signals and features of a settings file, as a page to read
"""


def add_parser(commands: Any) -> None:
    """Adds the subcommand."""
    parser = commands.add_parser(
        "config",
        help="check and explain settings",
        description=DESCRIPTION,
        formatter_class=argparse.RawTextHelpFormatter,
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    check = actions.add_parser("check", help="print the settings in force, secrets masked")
    check.add_argument("--config", type=Path, metavar="FILE", help="settings (the shipped defaults where absent)")
    check.add_argument("--json", action="store_true", help="as JSON instead of YAML")
    check.set_defaults(run=_check)
    explain = actions.add_parser("explain", help="print every setting with its meaning, as JSON Schema")
    explain.set_defaults(run=_explain)
    reference = actions.add_parser("reference", help="print a page to read, in Markdown")
    reference.add_argument("page", choices=["settings", "features"], help="which")
    reference.add_argument("--config", type=Path, metavar="FILE", help="settings, for the page of features")
    reference.set_defaults(run=_reference)


def _check(arguments: argparse.Namespace) -> int:
    settings = load_settings(arguments.config)
    shown = settings.model_dump(mode="json")
    digests = {"features": features_digest(settings), "configuration": configuration_digest(settings)}
    if arguments.json:
        print(json.dumps({"settings": shown, "digests": digests}, indent=1))
    else:
        print(yaml.safe_dump(shown, sort_keys=False, allow_unicode=True, width=120), end="")
        for name, digest in digests.items():
            print(f"# {name} digest {digest}")
    return 0


def _reference(arguments: argparse.Namespace) -> int:
    from leadpulse.reference.features_page import features_page
    from leadpulse.reference.settings_page import settings_page

    is_settings = arguments.page == "settings"
    print(settings_page() if is_settings else features_page(load_settings(arguments.config)), end="")
    return 0


def _explain(arguments: argparse.Namespace) -> int:
    print(json.dumps(Settings.model_json_schema(), indent=1))
    return 0
