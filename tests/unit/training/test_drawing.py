"""Axes and marks: ticks at round numbers, marks where the data say, text that cannot break the picture."""

from xml.etree import ElementTree

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from training.report.drawing import HEIGHT, WIDTH, Axis, Plot, bars, ranges, round_step


@given(st.floats(-1e6, 1e6), st.floats(1e-4, 1e6))
def test_a_round_axis_holds_its_data_between_few_ticks(low: float, length: float) -> None:
    high = low + length
    assume(high > low and length > 1e-7 * abs(low))
    axis = Axis.round("", low, high)
    slack = 1e-6 * length
    assert axis.low <= low + slack
    assert axis.high >= high - slack
    assert 2 <= len(axis.ticks) <= 8
    gaps = [b[0] - a[0] for a, b in zip(axis.ticks, axis.ticks[1:], strict=False)]
    assert max(gaps) - min(gaps) <= 1e-6 * max(gaps) + 1e-9


@given(st.floats(1e-9, 1e9))
def test_a_step_is_round_and_just_large_enough(least: float) -> None:
    step = round_step(least)
    assert least * (1 - 1e-6) <= step <= 2.5 * least * (1 + 1e-6)
    assert f"{step:.3e}"[:5] in ("1.000", "2.000", "5.000")


def test_an_axis_up_to_a_number_ends_there() -> None:
    axis = Axis.upto("leads", 20_400, "{:,.0f}".format)
    assert axis.high == 20_400
    assert [words for _, words in axis.ticks] == ["0", "5,000", "10,000", "15,000", "20,000"]


def test_marks_stand_in_proportion_and_stay_inside() -> None:
    axis = Axis.round("", 0, 10)
    plot = Plot("five dots", axis, axis)
    for value in (0, 5, 10, -3, 99):
        plot.dot((value, value), "model", "")
    picture = ElementTree.fromstring(plot.svg())
    x, y = ([float(dot.get(name, "nan")) for dot in picture.iter("circle")] for name in ("cx", "cy"))
    assert x[1] - x[0] == pytest.approx(x[2] - x[1], abs=0.11)
    assert y[0] > y[1] > y[2]
    assert (x[3], x[4]) == (x[0], x[2])
    assert 0 < min(x) < max(x) < WIDTH and 0 < min(y) < max(y) < HEIGHT


@given(st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=30))
def test_words_are_kept_whatever_they_hold(words: str) -> None:
    axis = Axis.round(words, 0, 1)
    plot = Plot(words, axis, axis).text((0, 0), words).dot((0, 0), "model", words).legend((words, "model"))
    picture = ElementTree.fromstring(plot.svg())
    assert picture.get("aria-label", "").split() == words.split()
    assert words in [text.text or "" for text in picture.iter("text")]


def test_bars_go_to_both_sides_of_nothing() -> None:
    axis = Axis.round("", -1, 1)
    picture = ElementTree.fromstring(bars("", axis, [("up", 1.0, "+1"), ("down", -0.5, "-0.5")], "model"))
    up, down = picture.iter("rect")
    assert float(up.get("width", 0)) == pytest.approx(2 * float(down.get("width", 0)), abs=0.2)
    assert float(down.get("x", 0)) + float(down.get("width", 0)) == pytest.approx(float(up.get("x", 0)), abs=0.2)


def test_ranges_show_value_and_both_ends() -> None:
    axis = Axis.round("", 0, 1)
    picture = ElementTree.fromstring(ranges("", axis, [("day 1", {"value": 0.5, "low": 0.25, "high": 1.0}, "model")]))
    (dot,) = picture.iter("circle")
    whisker = next(line for line in picture.iter("line") if "whisker" in (line.get("class") or ""))
    low, high, value = float(whisker.get("x1", 0)), float(whisker.get("x2", 0)), float(dot.get("cx", 0))
    assert (value - low) * 2 == pytest.approx(high - value, abs=0.3)
