"""Settings of every test run: reproducible examples, and compiled kernels that are never older than their source."""

import hashlib
import os
import re
from pathlib import Path
from typing import Final

import hypothesis

ROOT: Final = Path(__file__).parent.parent


def _kernels_digest() -> str:
    """Digest of the kernels' sources. Numba looks at a function's own file only, not at what it imports."""
    sources = {path.stem: path.read_text(encoding="utf-8") for path in (ROOT / "stream" / "core").glob("*.py")}
    found: set[str] = set()
    wanted = {name for name, source in sources.items() if "@njit" in source}
    while wanted:
        found |= wanted
        imported = {each for name in wanted for each in re.findall(r"^from stream\.core\.(\w+)", sources[name], re.M)}
        wanted = imported - found
    return hashlib.sha256("\0".join(sources[name] for name in sorted(found)).encode()).hexdigest()[:16]


# Numba reads this when it is imported, which no test does before this file.
os.environ.setdefault("NUMBA_CACHE_DIR", str(ROOT / "build" / "numba" / _kernels_digest()))

hypothesis.settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
hypothesis.settings.load_profile("ci")
