"""Writes the schemas of Kubernetes' own resources, which kubernetes-validate bundles, as kubeconform wants them.

python make/kubernetes_schemas.py 1.34 DIRECTORY
"""

import json
import sys
from importlib import resources
from pathlib import Path


def main(version: str, directory: Path) -> None:
    """The bundled files refer to each other by a path of the package's own making."""
    found = resources.files("kubernetes_validate") / "kubernetes-json-schema" / f"v{version}.0-local-strict"
    directory.mkdir(parents=True, exist_ok=True)
    for path in found.iterdir():
        text = path.read_text(encoding="utf-8").replace('"/api/_definitions.json#', '"_definitions.json#')
        schema = json.loads(text)
        for key in ("$id", "$schema"):
            schema.pop(key, None)
        (directory / path.name).write_text(json.dumps(schema), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
