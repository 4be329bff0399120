"""What an image must be before it is run: without rights, without a compiler, labelled, with its list of parts."""

import json
import subprocess
from typing import Any, Final

COMPILERS: Final = ("cc", "gcc", "g++", "c++", "clang", "ld", "as", "make", "rustc", "go", "pip", "pip3")
LABELS: Final = ("title", "description", "licenses", "version", "revision")
PACKAGES: Final = {"leadpulse", "confluent-kafka", "faust-streaming", "numba", "onnxruntime", "rocksdict"}


def inspect(engine: str, image: str) -> list[str]:
    """What was found, a line each. Raises AssertionError for what must not be."""
    config = json.loads(_said(engine, "image", "inspect", image))[0]
    settings = config["Config"]
    assert settings["User"] == "10001:10001", f"the image runs as {settings['User']!r}"
    environment = dict(each.split("=", 1) for each in settings["Env"])
    assert environment["ORT_DISABLE_TELEMETRY"] == "1"
    labels = settings["Labels"]
    missing = [name for name in LABELS if not labels.get(f"org.opencontainers.image.{name}")]
    assert not missing, f"labels without a value: {missing}"
    look = f"for name in {' '.join(COMPILERS)}; do command -v $name; done; true"
    found = _said(engine, "run", "--rm", "--network=none", "--entrypoint=/bin/sh", image, "-c", look).split()
    assert not found, f"the image has {found}"
    parts = _parts(engine, image)
    lacking = PACKAGES - {each["name"] for each in parts}
    assert not lacking, f"the SBOM lacks {lacking}"
    return [
        f"{config['Size'] / 1e6:.0f} MB unpacked, user {settings['User']}, kernels for {environment['NUMBA_CPU_NAME']}",
        f"no compiler; CycloneDX lists {len(parts)} packages",
    ]


def _parts(engine: str, image: str) -> list[dict[str, Any]]:
    command = ("run", "--rm", "--network=none", "--entrypoint=/bin/cat", image, "/opt/leadpulse/sbom.cdx.json")
    content = json.loads(_said(engine, *command))
    assert content["bomFormat"] == "CycloneDX"
    own = content["metadata"]["component"]
    parts: list[dict[str, Any]] = content["components"]
    return [own, *parts]


def _said(engine: str, *command: str) -> str:
    return subprocess.run([engine, *command], check=True, capture_output=True, text=True).stdout
