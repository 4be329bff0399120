"""The Faust app: agent, services and pages around the worker. Faust starts none of its own Kafka clients."""

import asyncio
import threading
from collections.abc import AsyncIterable
from typing import Any, cast

import faust
import mode
from faust.app import BootStrategy
from faust.types.web import Request, Response, View
from prometheus_client.exposition import choose_encoder

from schemas.settings import Settings
from stream.runtime.health import Health
from stream.runtime.memory import end_out_of_memory
from stream.runtime.metrics import Metrics
from stream.runtime.models import Models
from stream.runtime.poll import Poll
from stream.runtime.source import Source
from stream.runtime.threads import show_name
from stream.runtime.worker import Worker

MODELS_EVERY = 1.0
POLLS_WAITING = 2


class _WithoutKafka(BootStrategy):
    enable_kafka = False


class _NoConsumer(mode.Service):
    """Faust's own start-up and streams ask the app for a consumer; the stock one would open clients and loops."""

    def __post_init__(self) -> None:
        # The Python stream iterator reads the one name, the compiled iterator the other.
        self.unacked = self._unacked_messages = set[Any]()

    def assignment(self) -> set[Any]:
        return set()

    async def on_task_error(self, error: BaseException) -> None:
        """Called when an agent raised, which `App.crash` has seen already."""


class App(faust.App):
    """A Faust app whose state lies elsewhere."""

    BootStrategy = _WithoutKafka

    async def on_first_start(self) -> None:
        """The stock one makes directories for tables."""


def build_app(
    settings: Settings, worker: Worker, source: Source, models: Models, health: Health, metrics: Metrics
) -> App:
    """The app, ready to start."""
    app = App(
        settings.application,
        env={},  # else variables such as WEB_PORT and BROKER_URL would beat these arguments
        broker="confluent://none.invalid",
        store="memory://",
        autodiscover=False,
        datadir="/nonexistent",
        web_bind=settings.web.host,
        web_port=settings.web.port,
        stream_wait_empty=False,
        web_router_enabled=False,
        web_tables_enabled=False,
        web_stats_enabled=False,
        web_graph_enabled=False,
    )
    app.consumer = cast(Any, _NoConsumer())
    _add_agent(app, worker, source)
    _add_models(app, models)
    _add_pages(app, health, metrics)
    return app


def _add_agent(app: App, worker: Worker, source: Source) -> None:
    polls = app.channel(maxsize=POLLS_WAITING)

    # The default supervisor would restart a failed agent, which would take the next poll over the gap of the lost one.
    @app.agent(polls, supervisor_strategy=mode.CrashingSupervisor)
    async def score(stream: AsyncIterable[tuple[Poll, int]]) -> None:
        try:
            async for poll, partitions in stream:
                await worker.take(poll, partitions)
        except MemoryError:
            end_out_of_memory()
        except Exception as error:
            await app.crash(error)
            raise

    @app.service
    class Feeder(mode.Service):
        """Runs the poll thread. As a service it starts after the agent, whose subscription a put needs."""

        def __post_init__(self) -> None:
            self.thread = threading.Thread(target=self.poll, name="poll", daemon=True)

        async def on_start(self) -> None:
            app.flow_control.resume()  # once, before the first put: it empties channels
            self.home = asyncio.get_running_loop()
            self.thread.start()

        def poll(self) -> None:
            show_name("poll")

            async def put(poll: Poll, partitions: int) -> None:
                await polls.put(value=cast(Any, (poll, partitions)))

            try:
                worker.compile()
                source.run(worker, put, self.home)
            except MemoryError:
                end_out_of_memory()
            except BaseException as error:
                asyncio.run_coroutine_threadsafe(self.crash(error), self.home)

        async def on_stop(self) -> None:
            source.quit()
            if self.thread.ident is not None:
                await asyncio.to_thread(self.thread.join)
            await worker.close()


def _add_models(app: App, models: Models) -> None:
    async def watch() -> None:
        await models.refresh()

    app.timer(interval=MODELS_EVERY)(watch)


def _add_pages(app: App, health: Health, metrics: Metrics) -> None:
    @app.page("/healthz")
    async def healthz(view: View, request: Request) -> Response:
        """Answers while the event loop lives. Never asks the brokers: a restart does not mend those."""
        return view.json({"alive": True})

    @app.page("/readyz")
    async def readyz(view: View, request: Request) -> Response:
        missing = ["stopping"] if app.should_stop else health.missing()
        body = {"ready": not missing, "missing": missing, "model": health.model()}
        return view.json(body, status=503 if missing else 200)

    @app.page("/metrics")
    async def exposition(view: View, request: Request) -> Response:
        """Prometheus' text, or OpenMetrics for those who accept it: that has the exemplars."""
        health.missing()
        encode, content_type = choose_encoder(cast(Any, request).headers.get("Accept", ""))
        return view.bytes(encode(metrics.registry), headers={"Content-Type": content_type})
