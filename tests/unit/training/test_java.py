"""The Java that Spark runs on: what is found passes, what is not is named with the remedy."""

from pathlib import Path

import pytest

from training.refusal import TrainingRefused
from training.spark.java import check_java


def java(folder: Path, script: str) -> Path:
    """A home whose bin/java is this script."""
    program = folder / "bin" / "java"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\n{script}\n", "utf-8")
    program.chmod(0o755)
    return folder


def version(text: str) -> str:
    return f"echo 'openjdk version \"{text}\"' >&2"


@pytest.mark.parametrize("text", ["17.0.15", "21", "25.0.1"])
def test_java_17_and_later_pass_wherever_they_are_found(tmp_path: Path, text: str) -> None:
    home = java(tmp_path / "jdk", version(text))
    check_java({"JAVA_HOME": str(home), "PATH": ""})
    check_java({"PATH": str(home / "bin")})


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (version("1.8.0_292"), "needs Java 17 or later: .*/bin/java is 1.8.0_292;"),
        (version("11.0.2"), "needs Java 17 or later: .*/bin/java is 11.0.2;"),
        ("exit 3", "bin/java does not run: "),
    ],
    ids=["Java 8", "Java 11", "broken"],
)
def test_a_java_that_spark_does_not_run_on_is_named_with_the_remedy(tmp_path: Path, script: str, reason: str) -> None:
    home = java(tmp_path / "jdk", script)
    with pytest.raises(TrainingRefused, match=rf"{reason}.*install Java 17 .*or set JAVA_HOME"):
        check_java({"JAVA_HOME": str(home), "PATH": ""})


def test_without_java_it_says_where_it_looked(tmp_path: Path) -> None:
    with pytest.raises(TrainingRefused, match=r"there is no java on the PATH; install Java 17"):
        check_java({"PATH": str(tmp_path)})
    with pytest.raises(TrainingRefused, match=r"JAVA_HOME is .*nowhere, where no bin/java is"):
        check_java({"JAVA_HOME": str(tmp_path / "nowhere"), "PATH": str(java(tmp_path / "jdk", version("17")) / "bin")})
