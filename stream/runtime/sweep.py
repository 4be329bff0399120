"""The clock sweep: idle leads are scored anew as of a common instant, chunk by chunk. Lives on the event loop.

A partition's time is its latest event time. Where everything was read and nothing came for `decay.quiet`, it goes on
with the worker's own clock, so far behind it. It never runs ahead of that clock: a stamp of next year expires nobody.
"""

import logging
import time
from collections.abc import Collection, Mapping
from typing import Final

import numpy as np
from msgspec.structs import replace

from schemas.settings import Settings
from schemas.times import format_time
from stream.core.engine import Engine, Swept
from stream.core.row import rows_of
from stream.runtime.commit import Committer
from stream.runtime.epoch import Scored
from stream.runtime.metrics import Metrics
from stream.runtime.models import Models
from stream.runtime.partition_row import Clock
from stream.runtime.partitions import Partition, Partitions, Sweep

CHUNK: Final = 1_000
"""How many leads are looked at in one turn, which is how long an event may have to wait for a sweep."""

log = logging.getLogger(__name__)


def due_tick(clock: Clock, every: int, quiet: int, now: int, silent: int | None) -> int | None:
    """The instant to sweep as of, if one is due. `now`: by the worker's clock. `silent`: milliseconds since the last
    record, where nothing is left to read.
    """
    if clock.watermark == 0:
        return None
    come = clock.watermark
    if silent is not None and silent >= quiet:
        come = max(come, now - quiet)
    tick = min(come, now) // every * every
    return tick if tick > clock.tick else None


class Sweeper:
    """Sweeps the owned partitions, one after the other."""

    def __init__(
        self,
        settings: Settings,
        engine: Engine,
        committer: Committer,
        partitions: Partitions,
        models: Models,
        metrics: Metrics,
    ) -> None:
        self._every = settings.decay.every
        self._quiet = settings.decay.quiet
        self._engine = engine
        self._committer = committer
        self._partitions = partitions
        self._models = models
        self._metrics = metrics

    def follow(self, partition: Partition) -> None:
        """A partition is new here: its latest sweep may be long ago, and none be finished for long."""
        clock = partition.clock
        if self._every is not None and clock.tick > 0:
            finished = clock.tick if clock.cursor is None else clock.tick - self._every
            self._metrics.sweep_instant.labels(str(partition.number)).set(finished / 1000)

    def hear(self, number: int, latest: int) -> None:
        """Records of a partition came; `latest` of their event times, 0 where none could be read."""
        partition = self._partitions.owned[number]
        partition.heard = time.monotonic()
        clock = partition.clock
        if latest > clock.watermark:
            # With its first event a partition's time begins: nobody was there to be swept before.
            tick = latest // self._every * self._every if self._every and clock.watermark == 0 else clock.tick
            partition.clock = Clock(latest, tick, clock.cursor)

    def turn(self, at_end: Collection[int]) -> None:
        """Adds one chunk to the open epoch, if one is due and the epoch is empty: only then the store has every row.

        `at_end`: partitions of which nothing is left to read.
        """
        if self._every is None or self._committer.epoch.shares:
            return
        for partition in self._partitions.owned.values():
            if partition.clock.cursor is None:
                silent = int((time.monotonic() - partition.heard) * 1000) if partition.number in at_end else None
                now = time.time_ns() // 1_000_000
                tick = due_tick(partition.clock, self._every, self._quiet, now, silent)
                if tick is not None:
                    partition.clock = replace(partition.clock, tick=tick, cursor="")
            if partition.clock.cursor is not None:
                self._sweep(partition, partition.clock.cursor)
                return

    def _sweep(self, partition: Partition, cursor: str) -> None:
        stored = self._partitions.after(partition.number, cursor, CHUNK)
        leads, tick = [lead for lead, _ in stored], partition.clock.tick
        rows = rows_of([row for _, row in stored])
        names = [lead.decode() for lead in leads]
        swept = self._engine.sweep(names, rows, tick, self._models.in_force, dict(partition.positions))
        self._keep(partition, [leads[i] for i in swept.leads.tolist()], dict(stored), swept)
        partition.sweep = partition.sweep or Sweep(time.monotonic())
        partition.sweep.scored += swept.scored
        partition.sweep.expired += swept.expired
        if len(leads) == CHUNK:
            partition.clock = replace(partition.clock, cursor=names[-1])
        else:
            partition.clock = replace(partition.clock, cursor=None)
            self._finish(partition, partition.sweep)

    def _keep(self, partition: Partition, leads: list[bytes], stored: Mapping[bytes, bytes], swept: Swept) -> None:
        hot = self._partitions.look_up(leads, np.full(len(leads), partition.number), stored)
        self._partitions.hot.change(hot.entries[hot.lead], swept.rows, swept.row_at)
        epoch = self._committer.epoch
        epoch.share(partition.number)
        epoch.outputs += swept.outputs
        epoch.scored.append(Scored("clock", swept.log_odds, swept.percentile))
        epoch.swept.update(scored=swept.scored, expired=swept.expired)

    def _finish(self, partition: Partition, sweep: Sweep) -> None:
        seconds = time.monotonic() - sweep.began
        self._metrics.sweep_seconds.observe(seconds)
        self._metrics.sweep_instant.labels(str(partition.number)).set(partition.clock.tick / 1000)
        log.info(
            "partition %d: swept as of %s: %d idle leads scored, %d expired, in %.1f s",
            partition.number,
            format_time(partition.clock.tick),
            sweep.scored,
            sweep.expired,
            seconds,
        )
        partition.sweep = None
