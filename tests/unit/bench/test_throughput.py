"""Windows of equal numbers of events, whatever the moments at which the engine was looked at."""

import pytest

from bench.throughput import Sample, measure, summary


def steady(rate: float, cost: float, moments: list[float], begin: float = 1_000) -> list[Sample]:
    return [Sample(at, begin + rate * at, cost * rate * at) for at in moments]


def test_a_steady_engine_has_one_rate_in_all_windows() -> None:
    found = summary(steady(1_000, 4e-4, [0, 0.3, 0.9, 2.0, 3.1, 4.0, 4.2]), 4)
    assert found.events == 4_000
    assert found.seconds == 4.0
    assert (found.events_per_second.least, found.events_per_second.most) == (1_000, 1_000)
    assert found.cpu_us_per_event.median == 400
    assert found.events_per_cpu_second.median == 2_500


def test_a_pause_is_in_one_window_and_the_median_stands() -> None:
    samples = [Sample(at + (5 if at > 2 else 0), 1_000.0 * at, 0.5 * at) for at in range(7)]
    found = summary(samples, 5)
    assert found.events_per_second.median == 1_000
    assert found.events_per_second.most == 1_000
    assert found.events_per_second.least == pytest.approx(1_000 / 6, abs=1)
    assert found.cpu_us_per_event.most == 500, "a pause costs no CPU"


def test_the_wait_after_the_end_of_the_backlog_is_not_counted() -> None:
    samples = [*steady(1_000, 1e-4, [0, 1, 2]), Sample(9.0, 3_010, 0.2)]
    assert summary(samples, 2).events_per_second.least == 1_000


def test_an_engine_that_commits_now_and_then_has_one_rate_in_all_windows() -> None:
    samples = [Sample(0.2 * look, 1_000.0 * (look // 7), 0.1 * look) for look in range(72)]
    found = summary(samples, 4)
    assert found.events_per_second.least == found.events_per_second.most == round(1_000 / 1.4)
    assert found.cpu_us_per_event.least == found.cpu_us_per_event.most == 700


def test_an_engine_that_does_nothing_has_no_rate() -> None:
    with pytest.raises(ValueError, match="too few samples"):
        summary([Sample(0, 50, 0), Sample(1, 50, 1), Sample(2, 50, 2)], 2)


def test_what_comes_before_the_beginning_is_warm_up() -> None:
    class Steps:
        done = 0

        def processes(self) -> list[int]:
            return []

        def processed(self) -> int:
            self.done += 100
            return self.done

        def stop(self) -> None:
            raise AssertionError("measuring stops nothing")

    told: list[int] = []
    begun: list[int] = []
    engine = Steps()
    found = measure(
        engine, 300, 800, windows=1, most_seconds=60, told=told.append, begun=lambda: begun.append(engine.done)
    )
    assert begun == [300]
    assert told == list(range(100, 801, 100))
    assert found.events == 400, "from 300 to 700: the last look only says that the end was reached"
