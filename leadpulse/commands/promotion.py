"""What becomes of a trained model: stored, and put in force where it beats the rules and the model in force."""

import argparse
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from leadpulse.models.promoter import who
from schemas.digest import features_digest
from schemas.settings import Settings
from stream.core.model import Model, ModelFiles, ModelRefused
from stream.models.registry import Overtaken, Registry
from stream.models.rules import rules_model
from training.floors import DEFAULT, FLOORS

if TYPE_CHECKING:
    from training.gates import Contest
    from training.job import Trained

REFUSED: Final = 1
BELOW_FLOOR: Final = 3
NOT_BETTER: Final = 4
_ROUNDS: Final = 3

STATUSES: Final = f"""\
Exit status: 0 trained and in force (with --no-promote: stored), or not due; 1 refused or blocked; 2 wrong usage or
settings; {BELOW_FLOOR} below the floor: the rules scorecard is stored in place of a model; {NOT_BETTER} stored, but not
better than the rules or the model in force by --margin."""


@dataclass
class Verdict:
    """What became of the model. against: why it was kept out of force, or what --force overruled."""

    digest: str
    promoted: bool = False
    blocked: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    contests: list["Contest"] = field(default_factory=list)

    @property
    def against(self) -> list[str]:
        return self.blocked + self.lost


def add_options(parser: argparse.ArgumentParser) -> None:
    """Those that decide whether a model is made and put in force."""
    parser.add_argument(
        "--floor", choices=tuple(FLOORS), default=DEFAULT, metavar="PRESET",
        help="the least data to learn from, by the names below (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--margin", type=_share, default=None, metavar="SHARE",
        help="what part of the log loss of the rules and of the model in force the model must save to be put in force "
        "(default: 0.005)",
    )  # fmt: skip
    parser.add_argument(
        "--force", action="store_true",
        help="put the model in force although a check blocks it or it is not better; the promotions log records that",
    )  # fmt: skip
    parser.add_argument("--no-promote", action="store_true", help="store the model without putting it in force")


def floor_of(arguments: argparse.Namespace) -> tuple[int, int]:
    """Least leads and conversions: the preset's, unless --min-leads or --min-conversions say otherwise."""
    preset = FLOORS[arguments.floor]
    leads = preset.leads if arguments.min_leads is None else arguments.min_leads
    conversions = preset.conversions if arguments.min_conversions is None else arguments.min_conversions
    return leads, conversions


def put_forward(registry: Registry, settings: Settings, trained: "Trained", arguments: argparse.Namespace) -> Verdict:
    """Stores the model and, unless --no-promote says so, has it contest its place. Raises ModelRefused, OSError."""
    digest = registry.add(trained.files, {"report.html": trained.report})
    verdict = Verdict(digest, blocked=trained.blocked)
    if arguments.no_promote:
        return verdict
    for _ in range(_ROUNDS):
        seen = registry.promoted()
        if registry.current() == digest:
            verdict.promoted = True
            return verdict
        _contest(registry, settings, trained, arguments, verdict)
        if verdict.against and not arguments.force:
            return verdict
        reason = "; ".join([*verdict.against, *(each.sentence for each in verdict.contests if each.won)])
        try:
            registry.promote(digest, by=who(), forced=bool(verdict.against), reason=reason, after=seen)
        except Overtaken:
            continue  # what it was judged against is not in force any more
        verdict.promoted = True
        return verdict
    verdict.lost.append(f"other models were promoted {_ROUNDS} times while it was judged: train again")
    return verdict


def tell(verdict: Verdict, arguments: argparse.Namespace) -> int:
    """Says what became of the model; returns the exit status."""
    for each in [*verdict.notes, *(contest.sentence for contest in verdict.contests)]:
        _say(each)
    if verdict.promoted:
        _say(f"{verdict.digest} is in force{', by force' if verdict.against else ''}")
        return 0
    if not verdict.against:
        _say(f"stored {verdict.digest} without promoting it")
        return 0
    kept_out = verdict.blocked or verdict.lost
    _say(f"stored {verdict.digest} but not promoted: {'; '.join(kept_out)}")
    return REFUSED if verdict.blocked else NOT_BETTER


def fall_back(registry: Registry, settings: Settings, error: Exception) -> int:
    """Stores the rules scorecard in place of a model, and says what scores; returns the exit status."""
    _say(str(error))
    try:
        digest, current = registry.add(rules_model(settings)), registry.current()
    except (ModelRefused, OSError) as failure:
        _say(f"cannot write to {registry.location}: {failure}; name another place with --out")
        return REFUSED
    scores = f"the model {current[:12]} stays in force" if current else "workers score by it already"
    _say(f"stored the rules scorecard {digest} in place of a model; {scores}")
    return BELOW_FLOOR


def _say(text: str) -> None:
    print(f"leadpulse train: {text}", file=sys.stderr)


def _contest(
    registry: Registry, settings: Settings, trained: "Trained", arguments: argparse.Namespace, verdict: Verdict
) -> None:
    """The contests on the later slice, into the verdict."""
    from training.gates import MARGIN, Contest, Rival, Rows, contest, lost

    margin = MARGIN if arguments.margin is None else arguments.margin
    rows, features = Rows(trained.test.lead, trained.test.label), trained.test.features
    known = features_digest(settings)
    candidate = Model(trained.files, known, settings.tiers).score(features)[0]

    def against(rival: Rival, files: ModelFiles) -> Contest:
        scored = Model(files, known, settings.tiers).score(features)[0]
        return contest(rival, files.digest, rows, (candidate, scored), margin, arguments.seed)

    rules = rules_model(settings)
    verdict.contests, verdict.notes, verdict.lost = [against("rules", rules)], [], []
    try:
        current = registry.current()
        if current is not None and current != rules.digest:
            verdict.contests.append(against("current", registry.load(current)))
    except ModelRefused as error:
        if error.kind in ("features", "tiers"):
            verdict.notes.append(
                f"no contest with the model in force, which workers with these settings refuse: {error}"
            )
        else:
            verdict.lost.append(f"the model in force cannot be contested: {error}")
    verdict.lost += lost(verdict.contests)


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share < 1:
        raise argparse.ArgumentTypeError(f"give a share from 0 to 1, such as 0.005, not {text!r}")
    return share
