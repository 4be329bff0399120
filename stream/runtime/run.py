"""The composition root of the worker: every part is made and joined here, and nowhere else."""

import asyncio
import logging
import signal
from typing import Any

from confluent_kafka import KafkaException

from schemas.settings import Settings
from stream.runtime.app import build_app
from stream.runtime.connection import explain
from stream.runtime.health import Health
from stream.runtime.metrics import Metrics
from stream.runtime.models import Models
from stream.runtime.source import Source
from stream.runtime.store import Store, StoreError
from stream.runtime.transaction import Transactions
from stream.runtime.worker import Worker

log = logging.getLogger(__name__)


async def run_worker(settings: Settings) -> int:
    """Runs until SIGTERM or SIGINT (0), or until something that only a person or a restart can mend (1)."""
    metrics = Metrics()
    try:
        store = Store(settings.state)
    except StoreError as error:
        log.error("%s", error)
        return 1
    if store.rebuilt:
        log.warning("the local store was unreadable (%s); it is rebuilt from the changelog", store.rebuilt)
    source = Source(settings, store, metrics)
    models = Models(settings, metrics)
    worker = Worker(settings, store, Transactions(settings, store), models, metrics, source.rewind)
    app = build_app(settings, worker, source, models, Health(source, models, metrics), metrics)
    halt = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, halt.set)
    waits: list[asyncio.Future[Any]] = [asyncio.ensure_future(halt.wait())]
    try:
        await app.start()
        log.info("worker %s listens on %s:%s", settings.worker, settings.web.host, settings.web.port)
        waits.append(asyncio.ensure_future(app.wait_until_stopped()))
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    except OSError as error:
        log.error("cannot listen on %s:%s: %s; set web.port", settings.web.host, settings.web.port, error.strerror)
        return 1
    finally:
        for wait in waits:
            wait.cancel()
        await app.stop()
        store.close()
    if app.crashed:
        reason = app.crash_reason
        log.error("stopped: %s", explain(reason) if isinstance(reason, KafkaException) else reason)
        return 1
    log.info("stopped")
    return 0
