"""Who promotes a model."""

import getpass
import os
import socket


def who() -> str:
    """User and machine, as the promotions log records them."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container's user often has no name
        user = f"user {os.getuid()}"
    return f"{user}@{socket.gethostname()}"
