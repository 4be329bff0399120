"""Digests of settings: two workers agree on what a feature is when, and only when, these are equal."""

import hashlib
import json
from typing import Any

from schemas.settings import Settings


def digest(content: Any) -> str:
    """SHA-256, in hex, of the content as canonical JSON (sorted keys, no spaces)."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def features_digest(settings: Settings) -> str:
    """Digest of everything that determines a feature vector. Words shown to people are left out."""
    observed = settings.observed.model_dump(mode="json")
    for signal in observed["signals"]:
        del signal["label"], signal["notable"]
    features = [each.model_dump(mode="json", exclude={"label"}) for each in settings.features]
    return digest({"observed": observed, "features": features})


def configuration_digest(settings: Settings) -> str:
    """Digest of everything that determines an output, the model aside."""
    kept = settings.model_dump(mode="json", include={"application", "observed", "features", "decisions"})
    return digest(kept | {"decay": settings.decay.model_dump(mode="json", exclude={"quiet"})})


def definitions(settings: Settings) -> dict[str, str]:
    """What stored rows rely on: `signal 3` to the digest of what it recognises, likewise fields and landing pages.

    A new key may be added to rows that exist; a changed or missing one may not.
    """
    observed = settings.observed
    kept = {
        f"signal {signal.number}": signal.model_dump(mode="json", exclude={"label", "notable", "name"})
        for signal in observed.signals
    }
    for field in observed.profile:
        if field.kind == "number":
            kept[f"profile {field.number}"] = {"number": field.name}
        else:
            for code, value in enumerate(field.values, start=1):
                kept[f"profile {field.number} value {code}"] = {"category": field.name, "value": value}
    for code, page in enumerate(observed.landing, start=1):
        kept[f"landing {code}"] = page.model_dump(mode="json")
    kept["outcome"] = observed.outcome.model_dump(mode="json")
    return {key: digest(value) for key, value in kept.items()}
