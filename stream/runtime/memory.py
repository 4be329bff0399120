"""What a worker does that the system refuses memory."""

import logging
import os
from typing import Final, NoReturn

OUT_OF_MEMORY: Final = (
    "stopped: the system gives this worker no more memory: raise its limit (resources.limits.memory), or lower "
    "limits.hot_memory and limits.store_bytes"
)

log = logging.getLogger(__name__)


def end_out_of_memory() -> NoReturn:
    """Ends the process with 1, at once. An orderly end starts threads, for which there is no memory, and waits for them
    in vain; what is open is rolled back as after a kill.
    """
    try:
        log.critical(OUT_OF_MEMORY)
        logging.shutdown()
    finally:
        os._exit(1)
