"""How a kernel is compiled: once, kept on disk, without counting references, and into those that call it.

To count the holders of every array that is looked at took half of the fold's time, and to hand a lead's arrays from
function to function a quarter of the rest. What a kernel is given its caller holds until it returns, so nothing needs
counting as long as a kernel makes no arrays itself; one that does is refused by the compiler ("NRT required").
"""

from collections.abc import Callable
from typing import Any, Final, TypeVar, cast

from numba import njit

Function = TypeVar("Function", bound=Callable[..., object])

_UNCOUNTED: Final[dict[str, Any]] = {"_nrt": False}
"""An option that the compiler's types do not know."""


def kernel(function: Function) -> Function:
    """Compiles the function when it is first called with arguments of these types."""
    return cast(Function, njit(cache=True, forceinline=True, **_UNCOUNTED)(function))
