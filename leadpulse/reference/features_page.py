"""The reference of signals and features in Markdown, from settings."""

from typing import Final

from schemas.settings import Settings
from schemas.signals import Signal
from stream.core.wording import Wording

HEAD: Final = """\
# Signals and features

What the shipped settings see in events, and the columns that a model gets. Written by
`leadpulse config reference features`, which takes your own settings with `--config`. What the kinds of features mean,
to the last bit, is in [features.md](features.md).
"""
_EXAMPLE: Final = 3.0


def features_page(settings: Settings) -> str:
    """The page; the same settings give the same text."""
    return "\n".join([HEAD, _signals(settings), _profile(settings), _features(settings)])


def _signals(settings: Settings) -> str:
    rows = [
        f"| `{signal.name}` | {signal.channel} | {_matched(signal)} | {signal.label} | "
        f"{'`' + signal.value + '`' if signal.value else ''} | {'yes' if signal.notable else ''} |"
        for signal in settings.observed.signals
    ]
    head = "| signal | channel | an event like | in words | its value | named in alerts |\n|---|---|---|---|---|---|\n"
    return f"## Signals\n\n{head}" + "\n".join(rows) + "\n"


def _matched(signal: Signal) -> str:
    found = []
    for match in signal.match:
        parts = {"name": match.name, "path": match.path} | {
            name: str(value) for name, value in match.properties.items()
        }
        found.append(", ".join(f"{name} `{value}`" for name, value in parts.items() if value not in (None, "*")))
    return " or ".join(each or "any" for each in found).replace("|", "\\|")


def _profile(settings: Settings) -> str:
    rows = [
        f"| `{field.name}` | {field.kind} | {', '.join(field.values) if field.kind == 'category' else ''} |"
        for field in settings.observed.profile
    ]
    return "## Profile fields\n\n| field | kind | values |\n|---|---|---|\n" + "\n".join(rows) + "\n"


def _features(settings: Settings) -> str:
    wording = Wording(settings)
    rows = [
        f"| {place} | `{feature.name}` | {feature.kind} | {wording.describe(place, _EXAMPLE)} |"
        for place, feature in enumerate(settings.features)
    ]
    head = "| column | feature | kind | what a rep reads where it is 3 |\n|---|---|---|---|\n"
    return f"## Features\n\n{head}" + "\n".join(rows) + "\n"
