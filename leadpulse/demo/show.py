"""The demo from beginning to end: one function a step."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Final, NamedTuple

from rich.console import Console

from leadpulse.demo.board import Board
from leadpulse.demo.broker import InProcessKafka
from leadpulse.demo.child import Child, DemoError
from leadpulse.demo.deployment import CONFIG, FOLDER, HISTORY, PREFIX, clear_folder, configure
from leadpulse.demo.feed import Feed
from leadpulse.demo.market import HISTORY_DAYS, KNOWN_DAYS, Injected, Market
from leadpulse.demo.pages import Pages
from leadpulse.demo.progress import Figures, Progress
from leadpulse.demo.screen import Screen
from leadpulse.demo.subscriber import Subscriber
from leadpulse.demo.summary import Summary, judgement, percentiles, show
from leadpulse.demo.verdicts import Verdict, judge
from leadpulse.scorecard import explain
from leadpulse.scorecard_page import scorecard_page
from schemas.settings import Settings
from schemas.topics import TopicNames
from stream.models.registry import Registry

RATE: Final = 800
"""Live events a second."""
RULES_SECONDS: Final = 8.0
"""The least that is streamed live before the swap."""
MEASURED_SECONDS: Final = 16.0
READY_SECONDS: Final = 240.0
TRAINED_SECONDS: Final = 240.0
SWAPPED_SECONDS: Final = 30.0
_LOOK_SECONDS: Final = 0.2


class Wanted(NamedTuple):
    """What the run is asked for."""

    seed: int
    leads: int
    summary: Path | None
    keep: bool


class Parts(NamedTuple):
    """What the steps work with."""

    settings: Settings
    market: Market
    pages: Pages
    feed: Feed
    subscriber: Subscriber
    progress: Progress
    worker: Child
    tick: Callable[[], None]


def run_demo(wanted: Wanted, console: Console) -> int:
    """Runs it; 0 when every claim held. Raises DemoError where something needed failed."""
    progress = Progress()
    clear_folder()
    with ExitStack() as life:
        broker = life.enter_context(InProcessKafka())
        settings = configure(broker.bootstrap)
        names = TopicNames.of(settings.topics)
        broker.touch([names.input(each) for each in settings.topics.inputs] + list(names.outputs))
        subscriber = life.enter_context(Subscriber(broker.bootstrap, names))
        console.print("Until a model is trained, these rules score:\n")
        console.print(scorecard_page(explain(settings)), "")
        with Screen(console, progress, Board(subscriber.news)) as screen:
            market = _write_history(wanted, progress)
            arguments = ["worker", "--config", str(CONFIG)]
            worker = life.enter_context(Child("worker", arguments, FOLDER / "worker.log"))
            pages = Pages(settings.web.port)
            feed = Feed(broker.bootstrap, PREFIX, worker, pages, subscriber, lambda: _refresh(parts, screen))
            parts = Parts(settings, market, pages, feed, subscriber, progress, worker, screen.tick)
            summary, verdicts = _steps(parts)
        if wanted.summary is not None:
            summary.write(wanted.summary)
        show(console, summary, f"event to score change, {RATE:,} events/s", verdicts)
        if wanted.keep:
            _keep(parts, broker.bootstrap, console)
    return 0 if all(verdict.holds for verdict in verdicts) else 1


def _write_history(wanted: Wanted, progress: Progress) -> Market:
    progress.begin("history", "simulating a market")
    market = Market(wanted.seed, wanted.leads, time.time_ns() // 1_000_000)
    events = market.write_history(HISTORY)
    progress.end("history", f"{events:,} events of {wanted.leads:,} leads in {HISTORY_DAYS} days")
    return market


def _steps(parts: Parts) -> tuple[Summary, list[Verdict]]:
    injected = Injected()
    # Both compile where they have not run before, which takes each a core for some 20 seconds.
    with Child("training", _training(parts.settings), FOLDER / "train.log") as training:
        parts.progress.begin("training", "on the history")
        _await_worker(parts)
        digest = _await_training(parts, training)
    speed = _catch_up(parts)
    parts.feed.pace(parts.market.live(injected), RATE, _live(parts, digest))
    parts.progress.begin("checks", "waiting for the last outputs")
    parts.feed.settle()
    read = parts.subscriber
    summary = Summary(
        events=parts.feed.counts.records,
        events_per_second=round(speed, 1),
        score_changes=read.outputs["change"],
        alerts=read.outputs["alert"],
        dead_letters=read.outputs["dead-letter"],
        latency_ms=percentiles(read.latencies),
        model_versions=len(read.models),
        seconds=round(parts.progress.seconds, 1),
    )
    verdicts = [*judge(parts.feed.produced, injected, parts.feed.counts, read), summary.enough()]
    parts.progress.end("checks", f"{sum(each.holds for each in verdicts)} of {len(verdicts)} hold")
    return summary, verdicts


def _training(settings: Settings) -> list[str]:
    history = ["--events", str(HISTORY)]
    return ["train", "--no-promote", *history, "--config", str(CONFIG), "--out", settings.models]


def _await_worker(parts: Parts) -> None:
    parts.progress.begin("worker", "starting; compiles its kernels if it never ran here (20 s)")
    deadline = time.monotonic() + READY_SECONDS
    while not (found := parts.pages.readiness()).ready:
        parts.worker.check_alive()
        if time.monotonic() > deadline:
            raise parts.worker.failure(f"was not ready in {READY_SECONDS:.0f} s ({'; '.join(found.missing)})")
        parts.tick()
        time.sleep(_LOOK_SECONDS)
    parts.progress.end("worker", f"rules {found.model[:8]} score, on an in-process broker")


def _await_training(parts: Parts, training: Child) -> str:
    """Returns the model's digest. It is stored, not yet in force."""
    deadline = time.monotonic() + TRAINED_SECONDS
    while not training.ended():
        if time.monotonic() > deadline:
            raise training.failure(f"was not done in {TRAINED_SECONDS:.0f} s")
        parts.feed.look()
        time.sleep(_LOOK_SECONDS)
    registry = Registry(parts.settings.models)
    (digest,) = registry.models()
    parts.progress.end("training", judgement(registry.manifest(digest)))
    return digest


def _catch_up(parts: Parts) -> float:
    """The worker reads what its features can see. Returns events a second."""
    parts.progress.begin("catch-up", f"the last {KNOWN_DAYS} days, as fast as the worker takes them")
    began = time.monotonic()
    parts.feed.flood(parts.market.known())
    parts.feed.settle()
    speed = parts.feed.produced / (time.monotonic() - began)
    parts.progress.end("catch-up", f"{parts.feed.produced:,} events at {speed:,.0f} a second")
    return speed


def _live(parts: Parts, digest: str) -> Iterator[None]:
    """What happens while events stream in, without a break: each turn is one event."""
    parts.progress.begin("rules", f"{RATE:,} live events a second, scored by the rules")
    yield from _for(RULES_SECONDS)
    parts.progress.end("rules", f"{RATE:,} live events a second, scored by the rules")
    yield from _swap(parts, digest)
    parts.progress.begin("model", f"{RATE:,} live events a second, scored by the trained model")
    yield from _for(MEASURED_SECONDS)
    found = percentiles(parts.subscriber.latencies)
    told = ", ".join(f"{name} {value:.0f} ms" for name, value in found.items())
    parts.progress.end("model", f"event to score change at {RATE:,} a second: {told}")


def _for(seconds: float) -> Iterator[None]:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield


def _swap(parts: Parts, digest: str) -> Iterator[None]:
    """Puts the model in force under the running stream. The latency is measured from here on."""
    parts.progress.begin("swap", f"{digest[:8]} is promoted, the stream goes on")
    parts.subscriber.latencies.clear()
    Registry(parts.settings.models).promote(digest)
    began = looked = time.monotonic()
    while time.monotonic() - looked < _LOOK_SECONDS or parts.pages.readiness().model != digest:
        if time.monotonic() - looked > _LOOK_SECONDS:
            looked = time.monotonic()
        if time.monotonic() - began > SWAPPED_SECONDS:
            raise parts.worker.failure(f"did not take the model over in {SWAPPED_SECONDS:.0f} s")
        yield
    parts.progress.end("swap", f"{digest[:8]} in force {time.monotonic() - began:.1f} s after its promotion")


def _refresh(parts: Parts, screen: Screen) -> None:
    read = parts.subscriber
    digest = read.models[-1] if read.models else ""
    kind = "rules" if len(read.models) == 1 else "trained"
    model = f"{kind} {digest[:8]}" if digest else ""
    parts.progress.note(Figures(parts.feed.counts.records, Counter(read.outputs), Counter(read.refused), model))
    screen.tick()


def _keep(parts: Parts, bootstrap: str, console: Console) -> None:
    names = TopicNames.of(parts.settings.topics)
    console.print(f"\nbroker   {bootstrap}")
    console.print(f"inputs   {', '.join(names.input(each) for each in parts.settings.topics.inputs)}")
    console.print(f"outputs  {', '.join(names.outputs)}")
    console.print(f"worker   {parts.pages.url}/readyz, /metrics; settings {CONFIG}")
    console.print("running until Ctrl-C")
    with suppress(KeyboardInterrupt):
        while True:
            parts.feed.look()
            time.sleep(1.0)


__all__ = ["DemoError", "Wanted", "run_demo"]
