"""Runs a leadpulse command that ends with its parent, however that ends: `python -m leadpulse.demo.leash worker ...`

The parent holds the other end of standard input and never writes. When the parent dies, even by SIGKILL, the pipe
closes; the command then has some seconds to stop as after SIGTERM.
"""

import os
import signal
import sys
import threading
import time
from typing import Final

from leadpulse.main import main

GRACE_SECONDS: Final = 8.0


def _follow_parent() -> None:
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_SECONDS)
    os._exit(1)


if __name__ == "__main__":
    threading.Thread(target=_follow_parent, name="leash", daemon=True).start()
    sys.exit(main(sys.argv[1:]))
