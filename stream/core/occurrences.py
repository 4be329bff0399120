"""The notable occurrences behind an alert, as JSON. Their shape is that of `schemas.records.Occurrence`."""

from typing import Final

import numpy as np

from schemas.settings import Settings
from schemas.signals import MAX_SIGNALS
from stream.core.fold import Folded
from stream.core.lead import NOTABLE_KEPT, Ints
from stream.core.texts import COMMAS, Texts, encode, grouped, joined, texts_of, times_of

LATEST_FIRST: Final = np.arange(NOTABLE_KEPT - 1, -1, -1)


class Occurrences:
    """Tells what leads did lately."""

    def __init__(self, settings: Settings) -> None:
        said = {
            signal.number: b'{"signal":%b,"label":%b,"time":"' % (encode(signal.name), encode(signal.label))
            for signal in settings.observed.signals
        }
        self._said = texts_of([said.get(number, b"") for number in range(MAX_SIGNALS)])
        self._known = np.isin(np.arange(MAX_SIGNALS), [*said])

    def texts(self, folded: Folded, events: Ints) -> Texts:
        """After each of N events its lead's latest notable occurrences, the latest first, without brackets. Those of
        a signal that is no longer observed are left out.
        """
        signal = folded.notable_signal[events][:, LATEST_FIRST]
        listed = (folded.notable[events][:, np.newaxis] > LATEST_FIRST) & self._known[signal]
        update, place = np.nonzero(listed)
        row, at = events[update], LATEST_FIRST[place]
        rank = listed.cumsum(axis=1)[update, place] - 1
        each = joined(
            len(update), COMMAS.pick((rank > 0).astype(np.int64)), self._said.pick(folded.notable_signal[row, at]),
            times_of(folded.notable_time[row, at]), b'","event":"',
            texts_of([b"%016x" % name for name in folded.notable_hash[row, at].tolist()]), b'"}',
        )  # fmt: skip
        return grouped(each, listed.sum(axis=1))
