"""OpenTelemetry traces, where settings ask for them: a span a poll, linked to the traces that its records came with.

    poll        from fetched to committed; attributes: records, and the epoch that it became part of
      fold      decode, fold, score, decide
      commit    the epoch's transaction, with the error where it was rolled back

The outputs themselves bear their own record's `traceparent` (`schemas.cloudevents.CARRIED`), traced here or not.
"""

import random
import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Final, NamedTuple

from confluent_kafka import Message

from schemas.settings import Settings
from stream.core.outputs import Headers
from stream.runtime.decoding import carried_by

if TYPE_CHECKING:  # installed with leadpulse[otel] alone
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Link, Span, Tracer

MOST_LINKS: Final = 32
"""Of a poll's records, so many traces are linked to at the most."""
EXPORT_SECONDS: Final = 2

_TRACEPARENT: Final = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


class TracesError(Exception):
    """Traces are asked for and cannot be made; the message says what to do."""


class Trace(NamedTuple):
    """A poll that is traced, and what makes its spans."""

    span: "Span"
    tracer: "Tracer"

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """A span below the poll's, with the error where the block raises one."""
        from opentelemetry.trace import set_span_in_context

        with self.tracer.start_as_current_span(name, context=set_span_in_context(self.span)):
            yield


class Traces:
    """Makes spans and sends them, in a thread of its own; makes none where no endpoint is set."""

    def __init__(self, settings: Settings) -> None:
        """Raises TracesError where OpenTelemetry is not installed."""
        self._share = settings.traces.share
        self._provider = None if settings.traces.endpoint is None else _provider(settings, settings.traces.endpoint)
        self._tracer = self._provider.get_tracer("leadpulse") if self._provider is not None else None

    @contextmanager
    def polled(self, messages: Sequence[Message]) -> Iterator[list[Trace]]:
        """Around the fold of a poll. Gives its trace, which lasts until `committing` ends it, or nothing."""
        if self._tracer is None or random.random() >= self._share:
            yield []
            return
        span = self._tracer.start_span(
            "poll", links=_links(messages), attributes={"messaging.batch.message_count": len(messages)}
        )
        trace = Trace(span, self._tracer)
        with trace.part("fold"):
            yield [trace]

    def close(self) -> None:
        """Sends what is left."""
        if self._provider is not None:
            self._provider.shutdown()


@contextmanager
def committing(traces: Sequence[Trace], epoch: str) -> Iterator[None]:
    """Around the commit of the epoch that these polls are part of; ends them, however it goes."""
    if not traces:
        yield
        return
    try:
        with ExitStack() as stack:
            for trace in traces:
                trace.span.set_attribute("leadpulse.epoch", epoch)
                stack.enter_context(trace.part("commit"))
            yield
    finally:
        for trace in traces:
            trace.span.end()


def traceparent(headers: Headers) -> str:
    """The trace context that a record bears, by W3C's rules; nothing where there is none, or a bad one."""
    for name, content in headers:
        if name in ("traceparent", "ce_traceparent"):
            found = _TRACEPARENT.fullmatch(content.decode("ascii", "replace"))
            return found[0] if found else ""
    return ""


def _links(messages: Sequence[Message]) -> "list[Link]":
    from opentelemetry.trace import Link, get_current_span
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    read = TraceContextTextMapPropagator()
    found: dict[str, Link] = {}
    for message in messages:
        parent = traceparent(carried_by(message))
        if parent and parent not in found:
            found[parent] = Link(get_current_span(read.extract({"traceparent": parent})).get_span_context())
            if len(found) == MOST_LINKS:
                break
    return list(found.values())


def _provider(settings: Settings, endpoint: str) -> "TracerProvider":
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise TracesError(
            f"traces.endpoint is set and {error.name} is missing: pip install 'leadpulse[otel]'"
        ) from None
    named = {"service.name": settings.application, "service.instance.id": settings.worker}
    provider = TracerProvider(resource=Resource.create(named), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint, timeout=EXPORT_SECONDS)))
    return provider
