"""The training job's kernels, compiled ahead: before tasks start on several processors, or by `leadpulse kernels`.

Processes that compile at one time write one cache, and may leave it in pieces; afterwards they only read it.
"""

from pathlib import Path

import numpy as np

from schemas.settings import Format, Settings
from schemas.target import AfterDays
from stream.core.plan import build_plan
from stream.sources.lead_table import LeadNumbers, spans_of
from training.blocks import Block
from training.events import columns, no_events
from training.lives import LifeBook
from training.reading import Reader
from training.snapshots import Question, answer


def compile_kernels(format: Format, settings: Settings) -> None:
    """By reading a blank line, and asking about nobody."""
    blank = Block(Path("nothing"), 1, np.zeros(9, np.uint8), np.array([0, 1], np.int64), 1.0)
    Reader(format, settings).read(blank)
    LeadNumbers().number(spans_of(["lead"]))
    nobody = Question(build_plan(settings), AfterDays(days=(1,)), 0, 0, 0)
    answer(nobody, LifeBook().lives(0), columns(no_events()))
