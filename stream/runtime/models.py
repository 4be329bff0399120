"""The model in force, and the watch over the registry for its successor."""

import asyncio
import logging
from typing import Final

from schemas.digest import features_digest
from schemas.settings import Settings
from schemas.times import parse_time
from stream.core.model import Model, ModelRefused
from stream.models.registry import Registry
from stream.models.rules import rules_model
from stream.runtime.metrics import Metrics

LOOK_SECONDS: Final = 2.0
"""An assignment waits so long for the registry; nothing is fetched meanwhile."""

log = logging.getLogger(__name__)


class Models:
    """Decides which model scores. There is always one: the scorecard until a trained one is promoted."""

    def __init__(self, settings: Settings, metrics: Metrics) -> None:
        self._settings = settings
        self._features = features_digest(settings)
        self._metrics = metrics
        self._registry = Registry(settings.models)
        self._refused: set[str] = set()
        self._told = ""
        self._away = ""
        self._next: Model | None = None
        self._checking = asyncio.Lock()
        self._following: asyncio.Task[bool] | None = None
        self.in_force = Model(rules_model(settings), self._features, settings.tiers)
        found = self._look()
        self._fell_back = found is None
        if found is not None:
            self.in_force = found
        self._show()

    @property
    def pending(self) -> bool:
        """Whether a successor is loaded and proved."""
        return self._next is not None

    def take(self) -> bool:
        """Puts the successor in force, if there is one. Only between two epochs."""
        if self._next is None:
            return False
        self._metrics.model.labels(self.in_force.digest, self.in_force.manifest.kind).set(0)
        self.in_force, self._next = self._next, None
        self._metrics.swaps.inc()
        self._show()
        return True

    async def can_follow(self, digest: str, kind: str) -> bool:
        """Whether state that this model scored last may be gone on with by the model in force.

        It may, unless the scorecard is in force only because the registry cannot be read: then the model itself is
        looked for and put next. Where the registry takes its time, what is known decides; the look goes on by itself.
        """
        if digest in ("", self.in_force.digest) or kind == "rules":
            return True
        if self._following is None or self._following.done():
            self._following = asyncio.create_task(self._follow(digest))
            await asyncio.wait({self._following}, timeout=LOOK_SECONDS)
            if self._following.done():
                return self._following.result()
        return not self._fell_back

    async def _follow(self, digest: str) -> bool:
        await self.refresh()
        if not self._fell_back:
            return True
        async with self._checking:
            if self._next is None:
                self._next = await asyncio.to_thread(self._load, digest)
                self._fell_back = self._next is None
        return not self._fell_back

    async def refresh(self) -> None:
        """Looks once whether the registry names another model, and loads it beside the one in force."""
        async with self._checking:
            found = await asyncio.to_thread(self._look)
            if found is not None:
                # A promotion taken back before it came into force leaves nothing to do.
                self._next = None if found.digest == self.in_force.digest else found
                self._fell_back = False

    def _look(self) -> Model | None:
        """The model that `current` names, where it is another one and fit to score."""
        try:
            digest = self._registry.current()
        except ModelRefused as error:
            self._tell_away(error)
            return None
        if self._away:
            log.info("the model registry can be read again")
        self._away = ""
        known = self._next or self.in_force  # read once: the loop may take the successor meanwhile
        return None if digest is None or digest == known.digest else self._load(digest)

    def _load(self, digest: str) -> Model | None:
        if digest in self._refused:
            return None
        try:
            return Model(self._registry.load(digest), self._features, self._settings.tiers)
        except ModelRefused as error:
            self._refuse(digest, error)
            return None

    def _tell_away(self, error: ModelRefused) -> None:
        """A registry that cannot be read is told once, and counted at every look."""
        self._metrics.registry_failures.inc()
        if str(error) != self._away:
            log.error("the model registry cannot be read, %s stays in force: %s", self.in_force.digest[:12], error)
            self._metrics.models_refused.labels(error.kind).inc()
        self._away = str(error)

    def _refuse(self, digest: str, error: ModelRefused) -> None:
        if str(error) != self._told:  # what is looked at every second is told once
            log.error("model refused, %s stays in force: %s", self.in_force.digest[:12], error)
            self._metrics.models_refused.labels(error.kind).inc()
        self._told = str(error)
        # A file that cannot be read, or in part, may still be on its way; the rest lies in the model itself.
        if error.kind not in ("unreadable", "digest"):
            self._refused.add(digest)

    def _show(self) -> None:
        log.info("model in force: %s (%s)", self.in_force.digest[:12], self.in_force.manifest.kind)
        self._metrics.model.labels(self.in_force.digest, self.in_force.manifest.kind).set(1)
        self._metrics.model_created.clear()
        if self.in_force.manifest.kind != "rules":  # which were never trained
            try:
                created = parse_time(self.in_force.manifest.created) / 1000
            except ValueError:  # no reason not to score by it
                return
            self._metrics.model_created.labels(self.in_force.digest).set(created)
