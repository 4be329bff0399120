"""The composition root of the worker: every part is made and joined here, and nowhere else."""

import asyncio
import logging
import signal
import socket
from typing import Any

from confluent_kafka import KafkaException

from schemas.settings import Settings
from stream.core.model import ModelRefused
from stream.runtime.app import App, build_app
from stream.runtime.at_least_once import AtLeastOnce
from stream.runtime.commit import Committer
from stream.runtime.connection import explain
from stream.runtime.health import Health
from stream.runtime.metrics import Metrics
from stream.runtime.models import Models
from stream.runtime.partitions import Partitions
from stream.runtime.source import Source
from stream.runtime.store import Store, StoreError
from stream.runtime.traces import TracesError
from stream.runtime.transaction import Transactions
from stream.runtime.worker import Worker

log = logging.getLogger(__name__)


async def run_worker(settings: Settings) -> int:
    """Runs until SIGTERM or SIGINT (0), or until something that only a person or a restart can mend (1)."""
    try:
        store = Store(settings.state, settings.limits.store_bytes)
    except StoreError as error:
        log.error("%s", error)
        return 1
    settings = _with_port(settings)
    if store.rebuilt:
        log.warning("the local store was unreadable (%s); it is rebuilt from the changelog", store.rebuilt)
    try:
        return await _serve(settings, _join(settings, store))
    except ModelRefused as error:
        log.error("the scorecard cannot be used: %s", error)
    except KafkaException as error:
        log.error("%s", explain(error))
    except TracesError as error:
        log.error("%s", error)
    except OSError as error:
        log.error("cannot listen on %s:%s: %s; set web.port", settings.web.host, settings.web.port, error.strerror)
    finally:
        _close(store)
    return 1


def _close(store: Store) -> None:
    """Says why where it cannot. What was committed is in the changelog all the same."""
    try:
        store.close()
    except StoreError as error:
        log.error("%s", error)


def _with_port(settings: Settings) -> Settings:
    """The web server wants a port named: for 0, one that is free now."""
    if settings.web.port:
        return settings
    with socket.create_server((settings.web.host, 0)) as found:
        port = found.getsockname()[1]
    return settings.model_copy(update={"web": settings.web.model_copy(update={"port": port})})


def _join(settings: Settings, store: Store) -> App:
    """Makes every part. Raises ModelRefused and KafkaException where settings do not do."""
    metrics = Metrics()
    metrics.watch_disk(store)
    metrics.started.set_to_current_time()
    deliver = Transactions if settings.guarantee == "exactly_once" else AtLeastOnce
    source = Source(settings, store, metrics, deliver)
    models = Models(settings, metrics)
    partitions = Partitions(store, settings.limits.hot_memory)
    committer = Committer(settings, deliver(settings, store), partitions, models, metrics, source.order)
    worker = Worker(settings, committer, partitions, models, metrics)
    return build_app(settings, worker, source, models, Health(worker, source, committer, models, metrics), metrics)


async def _serve(settings: Settings, app: App) -> int:
    halt = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, halt.set)
    waits: list[asyncio.Future[Any]] = [asyncio.ensure_future(halt.wait())]
    try:
        await app.start()
        log.info("worker %s listens on %s:%s", settings.worker, settings.web.host, settings.web.port)
        waits.append(asyncio.ensure_future(app.wait_until_stopped()))
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
        await app.stop()
    if app.crashed:
        reason = app.crash_reason
        log.error("stopped: %s", explain(reason) if isinstance(reason, KafkaException) else reason)
        return 1
    log.info("stopped")
    return 0
