"""`leadpulse train`: event logs in, a judged model in the registry out."""

import argparse
import json
import sys
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, get_args

from leadpulse.commands import promotion, schedule
from schemas.load import load_settings
from schemas.manifest import ModelManifest
from schemas.settings import Format, Settings
from schemas.target import LONGEST_LIFE, LONGEST_WITHIN, AfterDays
from schemas.times import HOUR, format_duration, parse_duration
from stream.core.model import ModelRefused
from stream.models.registry import Registry
from training.floors import describe

if TYPE_CHECKING:
    from training.job import Options, Trained
    from training.log import ReadLog

SHOWN: Final = (
    "auc", "average_precision", "lift_top_10", "brier_skill", "calibration_slope", "calibration_intercept"
)  # fmt: skip

EPILOG: Final = f"""\
example:
  leadpulse train --events history/*.jsonl.gz --format segment --config settings.yaml --out build/models
  leadpulse train --events events.parquet --outcomes deals.csv --config settings.yaml --out build/models

The job replays the log as the worker would have seen it, asks at moments of each lead's life "will they have the
outcome soon?", fits on older leads, calibrates on later ones and judges on the latest. The settings' section `target`
says which outcome, how soon and at which moments. The model, its manifest and report.html go to OUT/<digest>/;
OUT/current names it unless a check blocks it. The same files, settings and options give the same digest.

A log larger than memory is read in one pass: its events go to files in TMPDIR, some 50 bytes each.
On several machines:
  PYSPARK_SUBMIT_ARGS="--master spark://host:7077 pyspark-shell" leadpulse train --engine spark --events /nfs/*.gz ...

Floors, for --floor:
{describe()}

{promotion.STATUSES}
"""


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the command."""
    parser = subparsers.add_parser(
        "train",
        help="train, judge and export a model from event logs",
        description="Trains a model from event logs and puts it in force if every check lets it pass.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_log(parser)
    parser.add_argument(
        "--out",
        required=True,
        metavar="PLACE",
        help="the model registry: a directory, or a URL such as s3://bucket/models",
    )
    parser.add_argument("--config", type=Path, metavar="FILE", help="the settings file (default: the shipped settings)")
    parser.add_argument(
        "--snapshots", type=_days, metavar="DAYS",
        help="look so many days after a lead's first event, such as 1,3,7 (default: target.moments in the settings)",
    )  # fmt: skip
    parser.add_argument(
        "--within", type=_window, metavar="TIME", help="the label's window (default: target.within in the settings)"
    )
    parser.add_argument(
        "--seed", type=_at_least_zero, default=0, help="seeds fits and resampling (default: %(default)s)"
    )
    parser.add_argument(
        "--min-leads", type=_at_least_zero, metavar="N",
        help="least leads in the training slice (default: that of --floor; below some 200 the intervals of every "
        "figure are too wide to tell a model from chance)",
    )  # fmt: skip
    parser.add_argument(
        "--min-conversions", type=_at_least_zero, metavar="N",
        help="least converting leads in the training slice (default: that of --floor; ten for each strong signal is "
        "the usual rule, and two or three carry most models)",
    )  # fmt: skip
    promotion.add_options(parser)
    schedule.add_option(parser)
    parser.add_argument("--json", action="store_true", help="print the manifest's metrics as JSON")
    parser.set_defaults(run=run)


def _add_log(parser: argparse.ArgumentParser) -> None:
    """What is read, and by what."""
    parser.add_argument(
        "--events",
        nargs="+",
        type=Path,
        required=True,
        metavar="PATH",
        help="JSON Lines files, plain or gzipped, or Parquet: a column `event` of raw JSON, or id, lead, time, type...",
    )
    parser.add_argument(
        "--outcomes",
        type=Path,
        metavar="PATH",
        help="CSV or Parquet with lead, time, outcome and value; replaces the outcomes in the log",
    )
    parser.add_argument(
        "--positions",
        type=Path,
        metavar="FILE",
        help="the positions that `leadpulse history` wrote beside the log, to be recorded in the manifest",
    )
    parser.add_argument(
        "--format", choices=get_args(Format), default="native", help="the events' format (default: %(default)s)"
    )
    parser.add_argument(
        "--engine", choices=("local", "spark"), default="local",
        help="what reads the log and takes the snapshots: this process, or Spark (needs leadpulse[spark] and Java 17), "
        "whose model is the same to the byte (default: %(default)s)",
    )  # fmt: skip


def run(arguments: argparse.Namespace) -> int:
    """Runs the command; returns the exit status. Raises SettingsError."""
    try:
        from training.job import Options
        from training.refusal import BelowFloor, TrainingRefused
        from training.split import Floor
    except ModuleNotFoundError as error:
        return _fail(f"{error.name} is not installed: install leadpulse[training]")
    options = Options(
        events=arguments.events,
        format=arguments.format,
        seed=arguments.seed,
        floor=Floor(*promotion.floor_of(arguments)),
        outcomes=arguments.outcomes,
        positions=arguments.positions,
    )
    settings, registry = _aimed(load_settings(arguments.config), arguments), Registry(arguments.out)
    try:
        if arguments.if_due is not None:
            due = schedule.when_due(registry, settings, arguments)
            print(due.text, file=sys.stderr)
            if not due.due:
                return 0
        trained = _train(settings, options, arguments.engine)
    except BelowFloor as error:
        return promotion.fall_back(registry, settings, error)
    except (TrainingRefused, ModelRefused) as error:
        return _fail(str(error))
    except OSError as error:
        return _fail(f"cannot use {error.filename or registry.location}: {error.strerror or error}")
    try:
        verdict = promotion.put_forward(registry, settings, trained, arguments)
    except OSError as error:
        return _fail(f"cannot write to {registry.location}: {error.strerror or error}; name another place with --out")
    except ModelRefused as error:
        return _fail(f"{registry.location} holds a damaged copy of the model: {error}; remove it and train again")
    print(_figures(trained) if arguments.json else _summary(trained, registry.place(verdict.digest)))
    return promotion.tell(verdict, arguments)


def _aimed(settings: Settings, arguments: argparse.Namespace) -> Settings:
    """The settings with what the options say of the target."""
    changed: dict[str, Any] = {}
    if arguments.snapshots is not None:
        changed["moments"] = AfterDays(days=arguments.snapshots)
    if arguments.within is not None:
        changed["within"] = arguments.within
    return settings.model_copy(update={"target": settings.target.model_copy(update=changed)})


def _train(settings: Settings, options: "Options", engine: str) -> "Trained":
    from leadpulse.commands.watching import watching
    from training.job import train

    with watching() as say:
        if engine == "local":
            return train(settings, options, say)
        with _spark() as read:
            return train(settings, replace(options, read=read), say)


def _spark() -> "AbstractContextManager[ReadLog]":
    from training.refusal import TrainingRefused

    try:
        from training.spark.engine import spark
    except ModuleNotFoundError as error:
        raise TrainingRefused(
            f"--engine spark needs {error.name}: install leadpulse[spark]; `--engine local` needs neither"
        ) from None
    return spark()


def _fail(text: str) -> int:
    print(f"leadpulse train: {text}", file=sys.stderr)
    return 1


def _figures(trained: "Trained") -> str:
    return json.dumps(trained.manifest.metrics, indent=2)


def _summary(trained: "Trained", folder: str) -> str:
    manifest, test = trained.manifest, trained.manifest.metrics["test"]
    counts = f"{test['leads']} later leads ({test['conversions']} of {test['snapshots']} snapshots convert)"
    lines = [f"{manifest.kind.replace('_', ' ')} model, judged on {counts}:"]
    lines += [f"  {name:24}{_interval(test[name])}" for name in SHOWN]
    lines += [
        f"  auc, {_group(manifest, day):20}{_interval(found['auc']) if 'auc' in found else 'one class only'}"
        for day, found in test["by_day"].items()
    ]
    lines += [f"  {each['verdict']:8}{each['code']}" for each in manifest.checks]
    return "\n".join([*lines, f"report: {folder}/report.html"])


def _group(manifest: ModelManifest, number: str) -> str:
    return f"after {number} signals" if manifest.training["target"]["kind"] == "events" else f"day {number}"


def _interval(figure: dict[str, Any]) -> str:
    return f"{figure['value']:.3f} ({figure['low']:.3f} to {figure['high']:.3f})"


def _days(text: str) -> tuple[int, ...]:
    try:
        days = tuple(sorted({int(each) for each in text.split(",")}))
    except ValueError:
        raise argparse.ArgumentTypeError(f"give whole days such as 1,3,7, not {text!r}") from None
    if not 1 <= days[0] <= days[-1] <= LONGEST_LIFE:
        raise argparse.ArgumentTypeError(f"give days from 1 to {LONGEST_LIFE}, not {text!r}")
    return days


def _window(text: str) -> int:
    try:
        window = parse_duration(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    if not HOUR <= window <= LONGEST_WITHIN:
        raise argparse.ArgumentTypeError(f"give a window from 1h to {format_duration(LONGEST_WITHIN)}, not {text!r}")
    return window


def _at_least_zero(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError(f"give a whole number, not {text!r}")
    return int(text)
