"""Traces are made where they are asked for, and cost nothing where they are not."""

import builtins
from typing import Any

import pytest

from schemas.load import load_settings
from stream.runtime.traces import Traces, TracesError, committing, traceparent
from tests.unit.schemas.files import shipped

PARENT = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def test_without_an_endpoint_nothing_is_traced() -> None:
    traces = Traces(load_settings(None, {}))
    with traces.polled([]) as traced:
        assert traced == []
    with committing(traced, "ab12-7"):
        pass
    traces.close()


def test_where_opentelemetry_is_missing_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    load = builtins.__import__

    def without(name: str, *others: Any, **named: Any) -> Any:
        if name.startswith("opentelemetry"):
            raise ImportError(f"No module named {name!r}", name=name)
        return load(name, *others, **named)

    def ask(content: dict[str, Any]) -> None:
        content["traces"] = {"endpoint": "http://127.0.0.1:4318/v1/traces"}

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(TracesError, match=r"pip install 'leadpulse\[otel\]'"):
        Traces(shipped(ask))


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ([("odd", b"\xff"), ("traceparent", PARENT)], PARENT.decode()),
        ([("ce_traceparent", PARENT)], PARENT.decode()),
        ([("traceparent", b"00-short-01")], ""),
        ([("traceparent", b"\xff" * 55)], ""),
        ([], ""),
    ],
)
def test_only_a_context_by_the_rules_counts(headers: list[tuple[str, bytes]], found: str) -> None:
    assert traceparent(headers) == found
