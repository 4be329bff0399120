"""What a run tells people who wait: the beginning of each stage, and how much of it is done."""

from typing import Protocol


class Say(Protocol):
    """Told a stage, and the share of it that is done (0 to 1) where that is known."""

    def __call__(self, text: str, share: float | None = None) -> None: ...


def in_silence(text: str, share: float | None = None) -> None:
    """For callers whom nobody watches."""
