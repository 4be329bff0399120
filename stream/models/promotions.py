"""The promotions log: what was in force when, and so where a step back leads."""

from collections.abc import Sequence
from typing import Final, Protocol

from pydantic import ValidationError

from schemas.promotion import Promotion
from stream.core.model import ModelRefused

FOLDER: Final = "promotions"


class Files(Protocol):
    """What the log needs of the place where the registry is."""

    def place(self, name: str) -> str: ...
    def read(self, name: str) -> bytes: ...
    def names(self, folder: str) -> list[str]: ...
    def create(self, name: str, data: bytes) -> bool: ...


def count(files: Files) -> int:
    """The number of the latest promotion; 0 where there is none."""
    stems = [name.removesuffix(".json") for name in files.names(FOLDER)]
    return max((int(stem) for stem in stems if stem.isascii() and stem.isdigit()), default=0)


def read(files: Files, number: int) -> Promotion:
    """One line of the log. Raises ModelRefused where it cannot be read."""
    name = _name(number)
    try:
        return Promotion.model_validate_json(files.read(name))
    except (OSError, ValidationError) as error:
        cause = " ".join(str(error).split())[:300]
        raise ModelRefused("unreadable", f"cannot read {files.place(name)}: {cause}; promote a model anew") from None


def read_all(files: Files) -> list[Promotion]:
    """The whole log, the oldest first. Raises ModelRefused and OSError."""
    return [read(files, number) for number in range(1, count(files) + 1)]


def append(files: Files, promotion: Promotion) -> bool:
    """Whether it is in the log now; False where another one took its number first. Raises OSError."""
    return files.create(_name(promotion.number), promotion.model_dump_json(indent=1).encode() + b"\n")


def model_before(log: Sequence[Promotion], current: str) -> str | None:
    """The model to step back to from the one in force; None where none was in force before.

    A rollback is undone by none: after promotions of A, B and C two steps back lead to A. A `current` that the log does
    not have was written by hand, and the log's latest model stood before it.
    """
    stack: list[str] = []
    for each in log:
        if not stack and each.previous is not None:
            stack.append(each.previous)
        if each.action == "rollback" and each.model in stack:
            del stack[_last(stack, each.model) + 1 :]
        elif not stack or stack[-1] != each.model:
            stack.append(each.model)
    if current not in stack:
        return stack[-1] if stack else None
    place = _last(stack, current)
    return stack[place - 1] if place else None


def _last(stack: Sequence[str], model: str) -> int:
    return len(stack) - 1 - stack[::-1].index(model)


def _name(number: int) -> str:
    return f"{FOLDER}/{number:06d}.json"
