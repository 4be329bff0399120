"""The Java that Spark runs on: found, or asked for by name."""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from training.refusal import TrainingRefused

LEAST: Final = 17
_REMEDY: Final = (
    f"install Java {LEAST} (openjdk-{LEAST}-jre-headless), or set JAVA_HOME to where it is; `--engine local` needs none"
)
_SECONDS: Final = 60


def check_java(environment: Mapping[str, str] = os.environ) -> None:
    """Raises TrainingRefused unless Spark would find a Java that it runs on: that of JAVA_HOME, or on the PATH."""
    home = environment.get("JAVA_HOME")
    program = shutil.which(str(Path(home) / "bin" / "java")) if home else shutil.which("java", path=environment["PATH"])
    where = f"JAVA_HOME is {home}, where no bin/java is" if home else "there is no java on the PATH"
    if program is None:
        raise TrainingRefused(f"--engine spark needs Java: {where}; {_REMEDY}")
    try:
        told = subprocess.run([program, "-version"], capture_output=True, text=True, timeout=_SECONDS, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        raise TrainingRefused(f"--engine spark needs Java: {program} does not run: {error}; {_REMEDY}") from None
    version = re.search(r'version "((\d+)[^"]*)"', told.stderr)
    if version is None or int(version[2]) < LEAST:
        found = version[1] if version else told.stderr.strip()[:60]
        raise TrainingRefused(f"--engine spark needs Java {LEAST} or later: {program} is {found}; {_REMEDY}")
