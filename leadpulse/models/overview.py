"""The models of a registry as rows: what each is, how it was judged, and when it was in force."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from schemas.manifest import ModelManifest
from schemas.promotion import Promotion
from stream.core.model import ModelRefused
from stream.models.registry import Registry


@dataclass(frozen=True)
class Kept:
    """A stored model. manifest: None where it cannot be read, `refused` then says why. promoted: when, oldest first."""

    digest: str
    manifest: ModelManifest | None
    refused: str
    in_force: bool
    promoted: tuple[str, ...]

    def summary(self) -> dict[str, Any]:
        """The model as `leadpulse models list --json` prints it."""
        manifest = self.manifest
        return {
            "digest": self.digest,
            "in_force": self.in_force,
            "kind": manifest and manifest.kind,
            "created": manifest and manifest.created,
            "auc": manifest and figure(manifest, "auc"),
            "brier_skill": manifest and figure(manifest, "brier_skill"),
            "checks": manifest and verdicts(manifest),
            "promoted": list(self.promoted),
            "refused": self.refused or None,
        }


def stored(registry: Registry, log: Sequence[Promotion]) -> list[Kept]:
    """All models, the latest first: by the end of the data that they were made from, then by digest."""
    current = registry.current()
    found = []
    for digest in registry.models():
        promoted = tuple(each.time for each in log if each.model == digest)
        manifest, refused = None, ""
        try:
            manifest = registry.manifest(digest)
        except ModelRefused as error:
            refused = str(error)
        found.append(Kept(digest, manifest, refused, digest == current, promoted))
    return sorted(found, key=lambda each: (each.manifest.created if each.manifest else "", each.digest), reverse=True)


def figure(manifest: ModelManifest, name: str) -> dict[str, float] | None:
    """A figure of the latest slice with its interval; None where the manifest has none, as that of the rules."""
    found = manifest.metrics.get("test", {}).get(name)
    return found if isinstance(found, dict) and {"value", "low", "high"} <= set(found) else None


def verdicts(manifest: ModelManifest) -> dict[str, int]:
    """How many checks passed, warned and blocked."""
    return {
        verdict: sum(each["verdict"] == verdict for each in manifest.checks)
        for verdict in ("passed", "warned", "blocked")
    }


def blocks(manifest: ModelManifest) -> list[str]:
    """Title and sentence of each check that keeps the model out of force."""
    return [f"{each['title']}: {each['sentence']}" for each in manifest.checks if each["verdict"] == "blocked"]
