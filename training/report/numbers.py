"""Numbers as people read them."""

from typing import Final

Figure = dict[str, float]
"""value, with low and high as the ends of its 95% interval."""
NOTHING: Final = "–"


def count(number: float) -> str:
    """A whole number with its thousands set apart."""
    return f"{number:,.0f}"


def percent(share: float) -> str:
    """A share as a percentage, with more places the smaller it is."""
    size = abs(share)
    return f"{share:.0%}" if size >= 0.995 or size == 0 else f"{share:.1%}" if size >= 0.02 else f"{share:.2%}"


def tick(share: float) -> str:
    """A share beside an axis."""
    return f"{100 * share:g}%"


def of_hundred(share: float) -> str:
    """A share as so many of a hundred, or of a thousand where that would be less than one."""
    if share >= 0.0995:
        return f"{100 * share:.0f} in 100"
    return f"{100 * share:.1f} in 100" if share >= 0.00995 else f"{1000 * share:.1f} in 1,000"


def shares(figure: Figure | None) -> str:
    """A share with its interval."""
    return NOTHING if figure is None else (
        f"{percent(figure['value'])} ({percent(figure['low'])} to {percent(figure['high'])})"
    )  # fmt: skip


def interval(figure: Figure | None, places: int = 3) -> str:
    """A figure with its interval."""
    if figure is None:
        return NOTHING
    return f"{figure['value']:.{places}f} ({figure['low']:.{places}f} to {figure['high']:.{places}f})"
