"""A histogram that takes many values in one call: a call for each of them would cost more than to score it."""

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from prometheus_client.metrics_core import HistogramMetricFamily
from prometheus_client.registry import Collector
from prometheus_client.samples import Exemplar
from prometheus_client.utils import floatToGoString

Values = np.ndarray[tuple[int], np.dtype[np.float64]]


class Distribution(Collector):
    """What Prometheus' own client calls a histogram, without labels."""

    def __init__(self, name: str, meaning: str, edges: Sequence[float]) -> None:
        """`edges`: the upper ends of the buckets, rising; the last one, infinity, goes without saying."""
        self._name = name
        self._meaning = meaning
        self._edges = np.array(edges, np.float64)
        self._counts = np.zeros(len(edges) + 1, np.int64)
        self._sum = 0.0
        self._exemplars: dict[int, Exemplar] = {}

    def observe_all(self, values: Values, largest: Mapping[str, str] | None = None) -> None:
        """Counts every value. largest: what the largest is an example of, kept as its bucket's exemplar."""
        if not len(values):
            return
        places = np.searchsorted(self._edges, values)
        self._counts += np.bincount(places, minlength=len(self._counts))
        self._sum += float(values.sum())
        if largest:
            self._exemplars[int(places.max())] = Exemplar(dict(largest), float(values.max()), time.time())

    def collect(self) -> Iterator[HistogramMetricFamily]:
        """The one family, for the registry."""
        names = [*map(floatToGoString, self._edges.tolist()), "+Inf"]
        counts = np.cumsum(self._counts).tolist()
        # Its type forgets that a bucket may have no exemplar, which it allows.
        buckets: list[Any] = [(names[i], float(counts[i]), self._exemplars.get(i)) for i in range(len(names))]
        yield HistogramMetricFamily(self._name, self._meaning, buckets=buckets, sum_value=self._sum)
