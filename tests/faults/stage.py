"""What every row needs: a deployment with its topics, workers and those who watch them, load, and the judgement."""

import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

from tests.faults.follow import Follow
from tests.faults.judge import ModelAt, expect_of_one_topic, judge
from tests.faults.load import Delivered, Injected, Load
from tests.faults.outcome import Findings
from tests.faults.turns import Turn
from tests.faults.watch import Watch
from tests.integration.deployment import PARTITIONS, Broker, Deployment, deploy, few_features
from tests.integration.expectation import Expected
from tests.integration.process import WorkerProcess
from tests.integration.topics import Input

EXACTLY_ONCE: Final = "exactly_once"
AT_LEAST_ONCE: Final = "at_least_once"
RECOVERY_SECONDS: Final = 300.0


class Conditions(NamedTuple):
    """What a row is played under. directory: empty, its own. short: as in `make test`. turn: to be had while a row is
    played, and not while it is judged.
    """

    broker: Broker
    directory: Path
    short: bool
    guarantee: str
    turn: Turn

    def apart(self, name: str) -> "Conditions":
        """For one of several deployments of a row: in a directory of its own."""
        own = self.directory / name
        own.mkdir()
        return self._replace(directory=own)

    def choose(self, full: int, short: int) -> int:
        """A count for the whole row, or for its shortened form."""
        return short if self.short else full


class Played(NamedTuple):
    """What a row brought to light."""

    events: int
    findings: Findings
    recovered_seconds: float | None


class Stage:
    """One deployment on one broker. Leaving the `with` block ends all of its processes."""

    def __init__(
        self,
        given: Conditions,
        name: str,
        *,
        broker: Broker | None = None,
        partitions: int | None = PARTITIONS,
        **sections: Any,
    ) -> None:
        """partitions: of the inputs; None leaves the topics to the row. sections: of the settings file."""
        own = {"topics": {"inputs": ["web"]}, "features": few_features()} | sections
        if given.guarantee == AT_LEAST_ONCE:
            own["guarantee"] = AT_LEAST_ONCE
        self.given = given
        self.deployment: Deployment = deploy(broker or given.broker, given.directory, f"fault {name}", **own)
        self.topic = self.deployment.names.input("web")
        self.findings = Findings()
        self.watch = Watch()
        self.delivered: list[Delivered] = []
        self.ended: list[int] = []
        self.recovered_seconds: float | None = None
        self._partitions = partitions
        self._loads: list[Load] = []
        self._workers: list[WorkerProcess] = []
        self._kept: list[WorkerProcess] = []
        self._open = ExitStack()

    def __enter__(self) -> Self:
        self.given.turn.take()
        if self._partitions is not None:
            self.deployment.create_topics(partitions=self._partitions)
            self.connect()
        self._open.enter_context(self.watch)
        return self

    def __exit__(self, *error: object) -> None:
        self._open.close()

    def connect(self) -> None:
        """Once the topics are there."""
        self.inputs = Input(self.deployment.broker)
        self.follow = self._open.enter_context(Follow(self.deployment))

    def worker(self, name: str = "worker-0", **sections: Any) -> WorkerProcess:
        """A worker that is watched, and ends with the stage; not started yet. sections: where its settings differ."""
        own = replace(self.deployment, plain=self.deployment.plain | sections) if sections else self.deployment
        found = self._open.enter_context(WorkerProcess(own, name))
        self._workers.append(found)
        self.watch.add(name, found)
        return found

    def keep_up(self, worker: WorkerProcess) -> None:
        """From now on it is started again when it ends, as any deployment does; `ended` has its exit codes."""
        self._kept.append(worker)

    def let_go(self, worker: WorkerProcess) -> None:
        """It is started again no more."""
        self._kept.remove(worker)

    def load(self, records: Iterable[Injected], rate: float) -> Load:
        """Sends in the background."""
        self._loads.append(Load(self.inputs, records, rate))
        return self._loads[-1]

    def sleep(self, seconds: float) -> None:
        """Waits, and starts what has to be kept up."""
        deadline = time.monotonic() + seconds
        self.wait_for(lambda: time.monotonic() >= deadline, seconds + 60, "done sleeping")

    def wait_for(self, holds: Callable[[], object], seconds: float, what: str) -> None:
        """Until it holds. Workers that are kept up may end meanwhile."""
        deadline = time.monotonic() + seconds
        while not holds():
            for worker in self._workers:
                if worker.started and worker.pid is None:
                    self._restart(worker)
            assert time.monotonic() < deadline, f"not {what} within {seconds:g} s"
            time.sleep(0.05)

    def _restart(self, worker: WorkerProcess) -> None:
        code, said = worker.wait_ended(), worker.tail(8)
        assert worker in self._kept, f"a worker ended with {code}: {said}"
        self.ended.append(code)
        worker.start()

    def recover(self, *workers: WorkerProcess, seconds: float = RECOVERY_SECONDS) -> None:
        """The fault is over: measures how long until these workers are ready and what had come is committed."""
        began, ends = time.monotonic(), dict(self.inputs.ends)

        def recovered() -> bool:
            return self.follow.has(ends) and all(worker.get("/readyz")[0] == 200 for worker in workers)

        try:
            self.wait_for(recovered, seconds, "recovered")
        except AssertionError as error:
            missing = [worker.missing() for worker in workers]
            raise AssertionError(f"{error}; behind: {self.follow.behind(ends)}; missing: {missing}") from None
        self.recovered_seconds = time.monotonic() - began

    def settle(self, *workers: WorkerProcess, seconds: float = RECOVERY_SECONDS) -> None:
        """All loads to their end, all of it committed, lag 0; then the workers stop in order."""
        for load in self._loads:
            load.finish()
        ends = dict(self.inputs.ends)
        self.wait_for(lambda: self.follow.has(ends), seconds, "done with its input")
        self.wait_for(lambda: self._lag(workers) == 0, 15, "at lag 0")
        self.watch.look()
        self._kept.clear()
        for worker in workers:
            worker.stop()

    def played(self, model_at: ModelAt | None = None) -> Played:
        """Has the oracle judge everything that was sent."""
        self.judge(model_at)
        return self.verdict()

    def expect(self, delivered: Sequence[Delivered]) -> Expected:
        """What the oracle makes of these records, with the scorecard in force."""
        return expect_of_one_topic(self.deployment, delivered)

    def judge(self, model_at: ModelAt | None = None) -> Expected:
        """What the oracle expects; where it differs from what was found, `findings` tell. All has been played."""
        self.given.turn.give_back()
        exactly_once = self.given.guarantee != AT_LEAST_ONCE
        return judge(self.deployment, self.everything(), self.findings, exactly_once=exactly_once, model_at=model_at)

    def verdict(self) -> Played:
        """What the row brought to light."""
        return Played(len(self.everything()), self.findings, self.recovered_seconds)

    def everything(self) -> list[Delivered]:
        """All that was sent, in order."""
        return [*self.delivered, *(each for load in self._loads for each in load.delivered)]

    def shows(self, metric: str, value: float, holds: bool) -> None:
        """The fault must be visible in this metric."""
        self.findings.note(f"{metric} {value:g}")
        self.findings.require(holds, f"the fault is not to be seen in {metric}, which is at {value:g}")

    def _lag(self, workers: Iterable[WorkerProcess]) -> float:
        return sum(worker.metric("leadpulse_lag_records") for worker in workers)
