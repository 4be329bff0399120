"""`leadpulse kernels`: compiles what a worker would compile at its first start."""

import argparse
import os
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from schemas.load import load_settings

DESCRIPTION = """Compiles kernels ahead of the first start: a worker's, and training's where that is installed.

The first worker on a machine spends up to minutes on that before it is ready; later ones find the kernels in the
directory that NUMBA_CACHE_DIR names (by default beside the sources). An image is built with them:

  NUMBA_CACHE_DIR=/opt/leadpulse/kernels leadpulse kernels
"""


def add_parser(commands: Any) -> None:
    """Adds the subcommand."""
    parser = commands.add_parser(
        "kernels",
        help="compile the kernels ahead of the first start",
        description=DESCRIPTION,
        formatter_class=argparse.RawTextHelpFormatter,
    )
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings (the shipped defaults where absent)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Returns 0 when all are compiled."""
    settings = load_settings(arguments.config)
    began = time.perf_counter()
    from schemas.digest import features_digest
    from stream.core.engine import Engine
    from stream.core.model import Model
    from stream.models.rules import rules_model
    from stream.runtime.intake import Intake
    from stream.runtime.partitions import Partitions
    from stream.runtime.store import Store

    with tempfile.TemporaryDirectory(prefix="leadpulse-kernels-") as directory:
        store = Store(Path(directory), settings.limits.store_bytes)
        try:
            Intake(settings).compile()
            Partitions(store, settings.limits.hot_memory).compile()
            Engine(settings).compile(Model(rules_model(settings), features_digest(settings), settings.tiers))
        finally:
            store.close()
    if find_spec("sklearn"):  # leadpulse[training] is installed
        from training.kernels import compile_kernels

        compile_kernels("native", settings)
    where = os.environ.get("NUMBA_CACHE_DIR", "the cache beside the sources")
    print(f"kernels in {where} after {time.perf_counter() - began:.1f} s")
    return 0
