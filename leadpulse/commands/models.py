"""`leadpulse models`: what is in the registry, what is in force, and how to change that."""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console, RenderableType

from leadpulse.models.comparison import compare
from leadpulse.models.overview import blocks, stored
from leadpulse.models.promoter import who
from leadpulse.models.tables import difference_page, list_table, log_table, model_page
from schemas.digest import features_digest
from schemas.load import load_settings
from stream.core.model import Model, ModelRefused
from stream.models.registry import Registry, UnknownModel

DESCRIPTION = """Lists, compares and promotes the models of a registry. Workers follow within seconds.

examples:
  leadpulse models list --models /models          all models; ➤ is in force
  leadpulse models show current                   one model: figures, checks, when it was in force
  leadpulse models diff 3fa2 current              two models: figures, checks, tiers, features, what weighs most
  leadpulse models promote 3fa2 --reason "pilot"  put it in force
  leadpulse models rollback                       put the one before back in force

A model is named by the first characters of its digest, four at least, or by `current`. The registry is that of
--models, else that of the settings (`models`). Exit status: 0 done, 1 refused, 2 wrong usage or settings.
"""


def add_parser(commands: Any) -> None:
    """Adds the subcommand."""
    parser = commands.add_parser(
        "models",
        help="list, compare, promote and roll back models",
        description=DESCRIPTION,
        formatter_class=argparse.RawTextHelpFormatter,
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    _add(actions, "list", "list all models and the one in force", _list)
    _add(actions, "show", "tell all about one model", _show).add_argument("model", help="digest, or its beginning")
    diff = _add(actions, "diff", "compare two models", _diff)
    diff.add_argument("old", help="digest, or its beginning, or `current`")
    diff.add_argument("new", help="digest, or its beginning, or `current`")
    promote = _add(actions, "promote", "put a model in force", _promote)
    promote.add_argument("model", help="digest, or its beginning")
    promote.add_argument("--force", action="store_true", help="although a check blocks it; the log records that")
    _add_reason(promote)
    _add_reason(_add(actions, "rollback", "put the model before the one in force back in force", _rollback))


def _add(
    actions: Any, name: str, told: str, act: Callable[[Registry, argparse.Namespace], int]
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = actions.add_parser(name, help=told, description=f"{told[0].upper()}{told[1:]}.")
    parser.add_argument(
        "--models", metavar="PLACE", help="the registry: a directory, or a URL such as s3://bucket/models"
    )
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings that name the registry")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=lambda arguments: _run(act, arguments))
    return parser


def _add_reason(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--reason", default="", metavar="TEXT", help="why, for the promotions log")


def _run(act: Callable[[Registry, argparse.Namespace], int], arguments: argparse.Namespace) -> int:
    registry = Registry(arguments.models or load_settings(arguments.config).models)
    try:
        return act(registry, arguments)
    except (ModelRefused, UnknownModel) as error:
        return _refuse(str(error.args[0]))
    except OSError as error:
        return _refuse(f"cannot use the registry {registry.location}: {error}")


def _list(registry: Registry, arguments: argparse.Namespace) -> int:
    models = stored(registry, registry.promotions())
    if arguments.json:
        print(json.dumps([each.summary() for each in models], indent=1))
    elif models:
        _print(list_table(models))
    else:
        print(f"no models in {registry.location}: the rules score; `leadpulse train --out` makes one")
    return 0


def _show(registry: Registry, arguments: argparse.Namespace) -> int:
    digest = registry.find(arguments.model)
    manifest = registry.manifest(digest)
    promotions = [each for each in registry.promotions() if each.model == digest]
    if arguments.json:
        log = [each.model_dump(mode="json") for each in promotions]
        content = {"digest": digest, "in_force": registry.current() == digest}
        print(json.dumps(content | {"manifest": manifest.model_dump(mode="json"), "promotions": log}, indent=1))
    else:
        _print(model_page(digest, manifest, promotions))
    return 0


def _diff(registry: Registry, arguments: argparse.Namespace) -> int:
    old, new = registry.find(arguments.old), registry.find(arguments.new)
    found = compare(registry.manifest(old), registry.manifest(new))
    if arguments.json:
        print(json.dumps({"old": old, "new": new} | found, indent=1))
    else:
        _print(difference_page(old, new, found))
    return 0


def _promote(registry: Registry, arguments: argparse.Namespace) -> int:
    digest = registry.find(arguments.model)
    manifest = registry.manifest(digest)
    against = blocks(manifest)
    if against and not arguments.force:
        return _refuse(f"{digest[:12]} is blocked: {'; '.join(against)}. --force promotes it all the same, on record")
    if arguments.config is not None:
        settings = load_settings(arguments.config)
        Model(registry.load(digest), features_digest(settings), settings.tiers)  # raises what a worker would say
    registry.promote(digest, by=who(), forced=bool(against), reason=arguments.reason)
    return _told(registry, digest, arguments)


def _rollback(registry: Registry, arguments: argparse.Namespace) -> int:
    return _told(registry, registry.roll_back(by=who(), reason=arguments.reason), arguments)


def _told(registry: Registry, digest: str, arguments: argparse.Namespace) -> int:
    """What the log has last, which another job may have written meanwhile."""
    latest = registry.promotions()[-1]
    if arguments.json:
        print(latest.model_dump_json(indent=1))
    else:
        print(f"{digest[:12]} is in force" if latest.model == digest else f"{digest[:12]} was replaced at once:")
        _print(log_table([latest]))
    return 0


def _print(page: RenderableType) -> None:
    # Piped into a file or another program a table must not be cut to the width of a terminal that is not there.
    Console(width=None if sys.stdout.isatty() else 200).print(page)


def _refuse(text: str) -> int:
    print(f"leadpulse models: {text}", file=sys.stderr)
    return 1
