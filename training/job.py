"""The training job: from event logs and settings to a judged model, the same bytes for the same input."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from threadpoolctl import threadpool_limits

from schemas.digest import features_digest
from schemas.manifest import ModelManifest
from schemas.settings import Format, Settings
from stream.core.model import Model, ModelFiles, ModelRefused
from training.choose import choose
from training.judgement import judge_model, recorded_options
from training.log import ReadLog, read_log
from training.prepared import prepare
from training.provenance import record_positions
from training.refusal import TrainingRefused
from training.report.page import write_report
from training.saying import Say
from training.snapshots import Snapshots
from training.split import Floor, lead_count
from training.variables import variables_of


@dataclass(frozen=True)
class Options:
    """What a run is asked for. `outcomes`: a list beside the log; `positions`: where topics had been read to."""

    events: Sequence[Path]
    format: Format
    seed: int
    floor: Floor
    outcomes: Path | None = None
    positions: Path | None = None
    previous: ModelManifest | None = None
    """That of the model in force, to tell by how much importance has shifted."""
    read: ReadLog = read_log
    """What reads the log; nothing else depends on it."""


@dataclass(frozen=True)
class Trained:
    """A judged model and its report; `blocked` holds what keeps it out of force."""

    files: ModelFiles
    manifest: ModelManifest
    report: bytes
    test: Snapshots
    """The later slice that it was judged on, for a contest with other models."""

    @property
    def blocked(self) -> list[str]:
        """Title and sentence of each check that blocks."""
        return [f"{each['title']}: {each['sentence']}" for each in self.manifest.checks if each["verdict"] == "blocked"]


def train(settings: Settings, options: Options, say: Say) -> Trained:
    """Runs the job. Raises TrainingRefused where the data cannot end in a model."""
    # Sums of floats depend on how many threads share them out; one thread makes a run repeatable.
    with threadpool_limits(limits=1):
        variables, seed, floor = variables_of(settings), options.seed, options.floor
        say("reading the event log")
        log = options.read(options.events, options.format, settings, options.outcomes, say)
        positions = record_positions(options.positions, log)
        say(f"taking snapshots of {len(log.leads)} leads from {log.lines} lines")
        data = prepare(settings, log, floor, say)
        chosen = choose(data.slices, settings.target.within, data.rows, settings.learning, variables, seed, say)
        say(f"judging {chosen.candidate.name} on {lead_count(data.slices.test)} later leads")
        recorded = recorded_options(settings, options.format, seed, floor)
        recorded["positions"] = positions
        manifest = judge_model(settings, floor, seed, recorded, data, chosen, options.previous, say)
    files = ModelFiles(manifest.model_dump_json(indent=1).encode(), chosen.score, chosen.explain)
    say("loading the model as a worker would")
    try:
        Model(files, features_digest(settings), settings.tiers)
    except ModelRefused as error:
        raise TrainingRefused(f"a worker would refuse what was made: {error}") from None
    return Trained(files, manifest, write_report(manifest), data.slices.test)
