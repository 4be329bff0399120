"""`leadpulse train`: event logs in, a judged model in the registry out."""

import argparse
import json
import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from rich.console import Console

from schemas.load import load_settings
from schemas.settings import Settings
from schemas.times import DAY, HOUR, format_duration, parse_duration
from stream.core.model import ModelRefused
from stream.models.registry import Registry

if TYPE_CHECKING:
    from training.job import Options, Trained

DAYS: Final = (1, 3, 7, 14, 30)
LEADS: Final = 200
CONVERSIONS: Final = 25
LONGEST: Final = 365 * DAY
SHOWN: Final = (
    "auc", "average_precision", "lift_top_10", "brier_skill", "calibration_slope", "calibration_intercept"
)  # fmt: skip

EPILOG: Final = """\
example:
  leadpulse train --events history/*.jsonl.gz --format segment --config settings.yaml --out build/models

The job replays the log as the worker would have seen it, asks at each of --snapshots days after a lead's first event
"will they convert within --within?", fits on older leads, calibrates on later ones and judges on the latest. The
model, its manifest and report.md go to OUT/<digest>/; OUT/current names it unless a check blocks it. The same files,
settings and options give the same digest.

Exit status: 0 trained, 1 refused or blocked (nothing promoted), 2 wrong usage or settings.
"""

log = logging.getLogger(__name__)


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the command."""
    parser = subparsers.add_parser(
        "train",
        help="train, judge and export a model from event logs",
        description="Trains a model from event logs and puts it in force if every check lets it pass.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--events", nargs="+", type=Path, required=True, metavar="PATH", help="JSON Lines files, plain or gzipped"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="the model registry's directory")
    parser.add_argument("--config", type=Path, metavar="FILE", help="the settings file (default: the shipped settings)")
    parser.add_argument(
        "--format", choices=("native", "segment"), default="native", help="the events' format (default: %(default)s)"
    )
    parser.add_argument(
        "--snapshots", type=_days, default=DAYS, metavar="DAYS",
        help="days after a lead's first event at which to look, such as 1,3,7 (default: 1,3,7,14,30)",
    )  # fmt: skip
    parser.add_argument(
        "--within", type=_window, default=30 * DAY, metavar="TIME", help="the label's window (default: 30d)"
    )
    parser.add_argument(
        "--seed", type=_at_least_zero, default=0, help="seeds fits and resampling (default: %(default)s)"
    )
    parser.add_argument(
        "--min-leads", type=_at_least_zero, default=LEADS, metavar="N",
        help="least leads in the training slice (default: %(default)s; below some 200 the intervals of every figure "
        "are too wide to tell a model from chance)",
    )  # fmt: skip
    parser.add_argument(
        "--min-conversions", type=_at_least_zero, default=CONVERSIONS, metavar="N",
        help="least converting leads in the training slice (default: %(default)s; ten for each strong signal is the "
        "usual rule, and two or three carry most models)",
    )  # fmt: skip
    parser.add_argument("--no-promote", action="store_true", help="store the model without putting it in force")
    parser.add_argument("--json", action="store_true", help="print the manifest's metrics as JSON")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Runs the command; returns the exit status. Raises SettingsError."""
    try:
        from training.job import Options
        from training.refusal import TrainingRefused
        from training.split import Floor
    except ModuleNotFoundError as error:
        return _fail(f"{error.name} is not installed: install leadpulse[training]")
    options = Options(
        events=arguments.events,
        format=arguments.format,
        days=arguments.snapshots,
        within=arguments.within,
        seed=arguments.seed,
        floor=Floor(arguments.min_leads, arguments.min_conversions),
    )
    settings = load_settings(arguments.config)
    try:
        trained = _train(settings, options)
    except TrainingRefused as error:
        return _fail(str(error))
    return _store(trained, arguments)


def _train(settings: Settings, options: "Options") -> "Trained":
    """The job, with a spinner where somebody watches and log lines otherwise."""
    from training.job import train

    console = Console(stderr=True)
    if not console.is_terminal:
        logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
        return train(settings, options, log.info)
    with console.status("starting") as status:
        return train(settings, options, status.update)


def _store(trained: "Trained", arguments: argparse.Namespace) -> int:
    """Adds the model to the registry, puts it in force where it may be, and tells."""
    registry = Registry(arguments.out)
    promoted = not trained.blocked and not arguments.no_promote
    try:
        digest = registry.add(trained.files, {"report.md": trained.report})
        if promoted:
            registry.promote(digest)
    except OSError as error:
        return _fail(f"cannot write to {arguments.out}: {error.strerror or error}; name another directory with --out")
    except ModelRefused as error:
        return _fail(f"{arguments.out} holds a damaged copy of the model: {error}; remove it and train again")
    print(_figures(trained) if arguments.json else _summary(trained, arguments.out / digest))
    if trained.blocked:
        return _fail(f"stored {digest} but not promoted: {'; '.join(trained.blocked)}")
    print(f"{digest} is in force" if promoted else f"stored {digest} without promoting it", file=sys.stderr)
    return 0


def _fail(text: str) -> int:
    print(f"leadpulse train: {text}", file=sys.stderr)
    return 1


def _figures(trained: "Trained") -> str:
    return json.dumps(trained.manifest.metrics, indent=2)


def _summary(trained: "Trained", folder: Path) -> str:
    manifest, test = trained.manifest, trained.manifest.metrics["test"]
    counts = f"{test['leads']} later leads ({test['conversions']} of {test['snapshots']} snapshots convert)"
    lines = [f"{manifest.kind.replace('_', ' ')} model, judged on {counts}:"]
    lines += [f"  {name:24}{_interval(test[name])}" for name in SHOWN]
    lines += [
        f"  auc, day {day:15}{_interval(found['auc']) if 'auc' in found else 'one class only'}"
        for day, found in test["by_day"].items()
    ]
    lines += [f"  {each['verdict']:8}{each['code']}" for each in manifest.checks]
    return "\n".join([*lines, f"report: {folder / 'report.md'}"])


def _interval(figure: dict[str, Any]) -> str:
    return f"{figure['value']:.3f} ({figure['low']:.3f} to {figure['high']:.3f})"


def _days(text: str) -> tuple[int, ...]:
    try:
        days = tuple(sorted({int(each) for each in text.split(",")}))
    except ValueError:
        raise argparse.ArgumentTypeError(f"give whole days such as 1,3,7, not {text!r}") from None
    if not 1 <= days[0] <= days[-1] <= 90:
        raise argparse.ArgumentTypeError(f"give days from 1 to 90, not {text!r}")
    return days


def _window(text: str) -> int:
    try:
        window = parse_duration(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    if not HOUR <= window <= LONGEST:
        raise argparse.ArgumentTypeError(f"give a window from 1h to {format_duration(LONGEST)}, not {text!r}")
    return window


def _at_least_zero(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError(f"give a whole number, not {text!r}")
    return int(text)
