"""What the driver makes of what the tasks send: counts, and each lead's number and life, as one machine has them."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from stream.core.lead import Ints
from stream.sources.lead_table import LeadNumbers, Spans
from training.events import starts
from training.lives import LifeBook
from training.reading import Counts
from training.refusal import TrainingRefused
from training.spark.part import PartLives
from training.spark.pieces import Summary


class Merged(NamedTuple):
    """The leads of a log. numbers[p]: those of part p's leads, in their order there."""

    leads: LeadNumbers
    book: LifeBook
    numbers: list[Ints]


def merge_counts(summaries: Sequence[Summary]) -> tuple[Counts, Ints]:
    """What became of the lines of all files, given in their order, and by file the latest time before it.

    `unordered` lacks the events that stand after a later one of an earlier file alone. Raises TrainingRefused with the
    reason of the first file that cannot be read.
    """
    whole, latest = Counts(), []
    for each in summaries:
        if each.refused:
            raise TrainingRefused(each.refused)
        latest.append(whole.end)
        whole.lines += each.counts.lines
        whole.silent += each.counts.silent
        whole.unordered += each.counts.unordered
        whole.unreadable += each.counts.unreadable
        whole.example = whole.example or each.counts.example
        whole.begin = min(whole.begin, each.counts.begin)
        whole.end = max(whole.end, each.counts.end)
    return whole, np.array(latest, np.int64)


def merge_lives(parts: Sequence[PartLives]) -> Merged:
    """All leads, numbered in the order in which the log has them. The parts are given in their order."""
    met = np.concatenate([part.met for part in parts])
    order = np.argsort(met)
    number = np.empty(len(met), np.int64)
    number[order] = np.arange(len(met))
    at = starts(np.array([len(part.met) for part in parts], np.int64))
    numbers = [number[at[p] : at[p + 1]] for p in range(len(parts))]
    leads, book = LeadNumbers(), LifeBook()
    leads.number(_names(parts, order))
    for part, where in zip(parts, numbers, strict=True):
        book.merge(where, part.lives, len(leads))
    return Merged(leads, book, numbers)


def _names(parts: Sequence[PartLives], order: Ints) -> Spans:
    text_at = starts(np.array([len(part.text) for part in parts], np.int64))
    begin = np.concatenate([part.text_at[:-1] + at for part, at in zip(parts, text_at[:-1], strict=True)])
    end = np.concatenate([part.text_at[1:] + at for part, at in zip(parts, text_at[:-1], strict=True)])
    text = np.concatenate([part.text for part in parts])
    return Spans(text, begin[order], end[order], np.zeros(len(order), np.int64))
