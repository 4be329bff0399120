"""`leadpulse icp`: the ideal customer profile, as the won and the top-scored leads show it."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, get_args

import yaml
from rich.console import Console
from rich.table import Table

from schemas.digest import features_digest
from schemas.load import load_settings
from schemas.settings import Format, Settings
from stream.core.model import Model, ModelRefused
from stream.models.registry import Registry
from stream.models.rules import rules_model

if TYPE_CHECKING:
    from training.icp import Profile, Trait

DESCRIPTION: Final = """Tells which profile values (vertical, size, geography, ...) won and top-scored leads share.

example:
  leadpulse icp --events history/*.jsonl.gz --config settings.yaml --rules icp.yaml

Lift 2 means twice as often in the group as among all. A value whose interval holds 1 may be chance and is dim; one of
fewer than 30 leads is marked. Top-scored are open leads, by the model in force or else the rules.
"""
_HEADER: Final = """\
# Points that won leads suggest for profile values. Merge both sections into the settings file, then look at
# the outcome with: leadpulse rules check --config FILE
"""


def add_parser(commands: Any) -> None:
    """Adds the subcommand."""
    parser = commands.add_parser(
        "icp",
        help="tell what won and top-scored leads have in common",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--events",
        nargs="+",
        type=Path,
        required=True,
        metavar="PATH",
        help="event logs, as `leadpulse train` reads them",
    )
    parser.add_argument(
        "--outcomes", type=Path, metavar="PATH", help="a list of outcomes, as `leadpulse train` reads it"
    )
    parser.add_argument("--config", type=Path, metavar="FILE", help="the settings file (default: the shipped settings)")
    parser.add_argument(
        "--format", choices=get_args(Format), default="native", help="the events' format (default: %(default)s)"
    )
    parser.add_argument("--models", metavar="PLACE", help="the model registry (default: that of the settings)")
    parser.add_argument(
        "--top",
        type=_share,
        default=0.1,
        metavar="SHARE",
        help="which share of open leads is top (default: %(default)s)",
    )
    parser.add_argument("--rules", type=Path, metavar="FILE", help="write points for the scorecard to this YAML file")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    try:
        from training.icp import find_profile
        from training.icp_rules import rule_file
        from training.log import read_log
        from training.refusal import TrainingRefused
    except ModuleNotFoundError as error:
        return _fail(f"{error.name} is not installed: install leadpulse[training]")
    settings = load_settings(arguments.config)
    try:
        model = _model(settings, Registry(arguments.models or settings.models))
        log = read_log(arguments.events, arguments.format, settings, arguments.outcomes)
        profile = find_profile(settings, log, model, arguments.top)
    except (TrainingRefused, ModelRefused) as error:
        return _fail(str(error))
    if arguments.rules is not None:
        fragment = yaml.safe_dump(rule_file(settings, profile), sort_keys=False, allow_unicode=True)
        try:
            arguments.rules.write_text(_HEADER + fragment, encoding="utf-8")
        except OSError as error:
            return _fail(f"cannot write {arguments.rules}: {error.strerror}")
    if arguments.json:
        print(json.dumps({"model": model.digest} | profile.plain(), indent=1))
    else:
        _show(profile, model)
    return 0


def _model(settings: Settings, registry: Registry) -> Model:
    """The one in force, else the rules. Raises ModelRefused."""
    digest = registry.current()
    files = rules_model(settings) if digest is None else registry.load(digest)
    return Model(files, features_digest(settings), settings.tiers)


def _show(profile: "Profile", model: Model) -> None:
    # Piped into a file or another program a table must not be cut to the width of a terminal that is not there.
    console = Console(width=None if sys.stdout.isatty() else 160)
    console.print(f"{profile.won_leads:,} won leads of {profile.leads:,}:", highlight=False)
    console.print(_table(profile.won, "won"))
    console.print(
        f"\n{profile.top_leads:,} top-scored leads of {profile.open_leads:,} open ones, by {model.digest[:12]} "
        f"({model.manifest.kind}):",
        highlight=False,
    )
    console.print(_table(profile.top, "top"))


def _table(traits: Sequence["Trait"], group: str) -> Table:
    worth = any(trait.mean_worth is not None for trait in traits) and group == "won"
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for name in ("field", "value", "leads", group, "of all", f"of {group}", "lift", "95% interval"):
        table.add_column(name, justify="left" if name in ("field", "value") else "right")
    if worth:
        table.add_column("mean worth", justify="right")
    for trait in traits:
        cells = [
            trait.field, f"{trait.value}{' (few)' if trait.few else ''}", f"{trait.leads:,}", f"{trait.members:,}",
            f"{trait.share:.1%}", f"{trait.group_share:.1%}", f"{trait.lift:.2f}",
            f"{trait.low:.2f} to {trait.high:.2f}",
        ]  # fmt: skip
        if worth:
            cells.append("" if trait.mean_worth is None else f"{trait.mean_worth:,.0f}")
        table.add_row(*cells, style="" if trait.tells else "dim")
    return table


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = 0.0
    if not 0 < share < 1:
        raise argparse.ArgumentTypeError(f"give a share between 0 and 1, such as 0.1, not {text!r}")
    return share


def _fail(text: str) -> int:
    print(f"leadpulse icp: {text}", file=sys.stderr)
    return 1
