"""Rows 2, 5 and 6: workers that share one job while they are restarted, come and go, or come back from the dead."""

import re
import signal
import time
from datetime import datetime
from typing import Final

from tests.faults.load import Injected, good
from tests.faults.stage import Conditions, Played, Stage
from tests.integration.process import WorkerProcess
from tests.integration.traffic import traffic

RATE: Final = 2_000
PARTITIONS: Final = 12
PAUSE_SECONDS: Final = 3.0
SETTLING_SECONDS: Final = 1.0
"""What a partition that has moved needs to catch up."""
_MOVED: Final = re.compile(r"^(\S+ \S+),(\d+) \w+ \S+ (?:assigned|revoked|lost) partitions \[([\d, ]*)\]", re.M)


def rolling_restart(given: Conditions) -> Played:
    """Three workers, each stopped and started in turn. Partitions that stay where they are go on being scored."""
    with Stage(given, "rolling", partitions=PARTITIONS) as stage:
        workers = [stage.worker(f"worker-{number}") for number in range(3)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.wait_ready()
        stage.wait_for(lambda: all(_owned(worker) == PARTITIONS / 3 for worker in workers), 60, "sharing evenly")
        began = time.monotonic()
        load = stage.load(_records(stage, given.choose(110, 60)), RATE)
        stage.sleep(3)
        offset = time.monotonic() - time.time()
        for worker in workers:
            worker.stop()
            worker.start()
            worker.wait_ready()
            stage.wait_for(lambda: sum(map(_owned, workers)) == PARTITIONS, 30, "sharing again")
            stage.sleep(4)
        stage.recover(*workers)
        load.halt()
        moves = [(when + offset, numbers) for worker in workers for when, numbers in _moves(worker)]
        stage.settle(*workers)
        worst = _longest_wait_at_rest(stage, moves)
        stage.findings.note(f"a record of a partition that did not move waited {worst:.2f} s at most")
        stage.findings.require(worst <= PAUSE_SECONDS, f"a partition that did not move paused for {worst:.1f} s")
        lowest = stage.watch.lowest("up", since=began)
        stage.shows("up", lowest, lowest == 0)
        return stage.played()


def storm(given: Conditions) -> Played:
    """One worker stays; of three others, every two seconds, one that scores is stopped or one that is down started."""
    turns = given.choose(24, 8)
    with Stage(given, "storm", partitions=PARTITIONS) as stage:
        stays = stage.worker("worker-0")
        others = [stage.worker(f"worker-{number}") for number in range(1, 4)]
        stays.start_ready()
        stage.keep_up(stays)
        began = time.monotonic()
        load = stage.load(_records(stage, given.choose(150, 60)), RATE)
        came, went = 0, 0
        deadline = time.monotonic() + given.choose(120, 60)
        while came + went < turns:
            assert time.monotonic() < deadline, f"workers came {came} times and went {went} times"
            stage.sleep(2)
            scoring = [other for other in others if _owned(other) > 0]
            down = [other for other in others if not other.started]
            if scoring and (went < came - 1 or not down):
                scoring[0].stop()
                others.append(others.pop(others.index(scoring[0])))  # the next to come is another
                went += 1
            elif down:
                down[0].start()
                came += 1
        for other in others:
            if other.started:
                other.wait_ready()
                other.stop()
        stage.recover(stays)
        load.halt()
        stage.settle(stays)
        moves = sum(len(_moves(worker)) for worker in (stays, *others))
        stage.findings.note(f"workers came {came} times and went {went} times; {moves} times partitions moved")
        fewest = stage.watch.lowest("leadpulse_partitions", "worker-0", since=began, state="owned")
        stage.shows("leadpulse_partitions owned", fewest, fewest < PARTITIONS)
        return stage.played()


def zombie(given: Conditions) -> Played:
    """Stopped in the middle of its work for longer than a session, then longer than a transaction, then woken."""
    with Stage(given, "zombie") as stage:
        sleeper, heir = stage.worker("worker-0"), stage.worker("worker-1")
        stage.keep_up(sleeper)
        for worker in (sleeper, heir):
            worker.start()
        for worker in (sleeper, heir):
            worker.wait_ready()
        stage.wait_for(lambda: _owned(sleeper) == _owned(heir) == 2, 30, "sharing")
        load = stage.load(_records(stage, given.choose(110, 45)), RATE)
        for seconds in (9, 14, 9) if not given.short else (9,):
            stage.sleep(2)
            sleeper.signal(signal.SIGSTOP)
            stage.sleep(seconds)
            stage.wait_for(lambda: _owned(heir) == 4, 30, "taken over")
            sleeper.signal(signal.SIGCONT)
            stage.recover(heir)
            stage.wait_for(lambda: _owned(sleeper) == _owned(heir) == 2, 60, "sharing again")
        load.halt()
        stage.settle(sleeper, heir)
        fenced = sum(
            stage.watch.grown("leadpulse_epochs_total", "worker-0", result=each) for each in ("aborted", "broken")
        )
        # One that was stopped between two epochs has none to be fenced: then leadpulse_partitions of the heir, waited
        # for above, is what an operator sees of it.
        stage.findings.note(f"the zombie ended {len(stage.ended)} times, {fenced:g} of its epochs broke")
        return stage.played()


def _records(stage: Stage, seconds: int) -> list[Injected]:
    arrivals = traffic(seed=12, leads=seconds * 150, events=seconds * RATE)
    return good(stage.topic, arrivals)


def _owned(worker: WorkerProcess) -> float:
    return worker.metric("leadpulse_partitions", state="owned")


def _moves(worker: WorkerProcess) -> list[tuple[float, set[int]]]:
    """When, in seconds since 1970, which partitions were given to a worker or taken from it, as its log has it."""
    return [
        (
            datetime.strptime(stamp, "%Y-%m-%d %H:%M:%S").timestamp() + int(thousandths) / 1000,
            {int(each) for each in numbers.split(",")} if numbers.strip() else set(),
        )
        for stamp, thousandths, numbers in _MOVED.findall(worker.log_file.read_text())
    ]


def _longest_wait_at_rest(stage: Stage, moves: list[tuple[float, set[int]]]) -> float:
    """How long a record lay uncommitted in a partition that was not given or taken meanwhile, nor just before."""
    worst = 0.0
    for partition in range(PARTITIONS):
        steps = [step for step in stage.follow.steps if step.partition == partition]
        moved = [when for when, numbers in moves if partition in numbers]
        place = 0
        for each in stage.everything():
            if each.trigger.partition != partition:
                continue
            while steps[place].row.positions.get(each.trigger.topic, 0) <= each.trigger.offset:
                place += 1
            wait = steps[place].when - each.when
            if wait > worst and not any(each.when - SETTLING_SECONDS <= when <= steps[place].when for when in moved):
                worst = wait
    return worst
