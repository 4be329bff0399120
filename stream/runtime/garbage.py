"""What Python's collector is to look at."""

import gc
from typing import Final

COLLECT_AFTER: Final = (100_000, 20, 20)


def settle() -> None:
    """What there is after the start stays: it is not looked through again. What an event makes holds no cycles, so the
    collector may come by less often than after every 700 objects.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)
