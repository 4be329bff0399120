"""Prometheus from the machine's own package, with the configuration and the rules of docker-compose.yml."""

import json
import shutil
import subprocess
import urllib.parse
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import yaml

ROOT: Final = Path(__file__).parents[2]
COMPOSE: Final = ROOT / "deploy" / "compose"
CHART: Final = ROOT / "helm" / "leadpulse" / "files"


class Prometheus:
    """The server, for as long as the `with` block lasts; the worker is scraped where it is published here."""

    def __init__(self, directory: Path, worker: str, port: int) -> None:
        self._directory = directory
        self._address = f"127.0.0.1:{port}"
        config = yaml.safe_load((COMPOSE / "prometheus.yml").read_text(encoding="utf-8"))
        config["rule_files"] = [str(CHART / "rules.yaml")]
        config["scrape_configs"][0]["static_configs"] = [{"targets": [worker]}]
        (directory / "prometheus.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        program = shutil.which("prometheus")
        assert program is not None, "prometheus is not installed: apt-get install prometheus"
        with (self._directory / "prometheus.log").open("wb") as log:
            self._process = subprocess.Popen(
                [
                    program,
                    f"--config.file={self._directory / 'prometheus.yml'}",
                    f"--storage.tsdb.path={self._directory / 'prometheus'}",
                    f"--web.listen-address={self._address}",
                ],
                stdout=log,
                stderr=log,
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process is not None
        self._process.terminate()
        self._process.wait(30)

    def rules(self) -> list[dict[str, Any]]:
        """The rules as Prometheus has them."""
        groups = self._get("rules")["groups"]
        return [rule for group in groups for rule in group["rules"]]

    def query(self, expression: str) -> list[dict[str, Any]]:
        """The samples that an expression has now. Raises urllib.error.HTTPError where it is none."""
        found: list[dict[str, Any]] = self._get(f"query?query={urllib.parse.quote(expression)}")["result"]
        return found

    def _get(self, path: str) -> Any:
        with urllib.request.urlopen(f"http://{self._address}/api/v1/{path}", timeout=10) as answer:
            return json.loads(answer.read())["data"]


def dashboard_queries() -> list[str]:
    """Every query of the dashboard, with Grafana's interval filled in."""
    panels = json.loads((CHART / "dashboard.json").read_text(encoding="utf-8"))["panels"]
    expressions = [target["expr"] for panel in panels for target in panel.get("targets", [])]
    return [expression.replace("$__rate_interval", "1m") for expression in expressions]
