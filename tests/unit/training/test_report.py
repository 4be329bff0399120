"""The report as a file: whole, well formed, self-contained, and saying what the manifest says."""

import re
from html.parser import HTMLParser
from typing import Any, Final
from xml.etree import ElementTree

import pytest

from schemas.manifest import ModelManifest
from tests.training.small_run import small_run
from training.report.page import SECTIONS, write_report
from training.report.verdict import MARKS

VOID: Final = {"meta", "br", "hr", "link", "img"}
PICTURES: Final = {
    "ranking": ("Gain", "Lift", "AUC by moment"),
    "probabilities": ("Reliability", "Scores of those who convert"),
    "reasons": ("Importance by signal", "Importance by feature"),
    "groups": ("Selection by trade",),
    "time": ("Share that converts by week", "AUC by month", "Drift"),
    "learning": ("Learning curve",),
    "data": ("events", "leads", "moments", "New leads and outcomes by month"),
}
"""How the words for those who cannot see them begin, or what they hold, by section."""


class Page(HTMLParser):
    """Elements with their attributes and all text below them; refuses tags that are not closed in order."""

    def __init__(self, content: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str], list[str]]] = []
        self._open: list[tuple[str, dict[str, str], list[str]]] = []
        self.feed(content)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = (tag, {name: value or "" for name, value in attrs}, list[str]())
        self.elements.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}, []))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        for _, _, text in self._open:
            text.append(data)

    def all(self, tag: str) -> list[tuple[dict[str, str], str]]:
        return [(attributes, "".join(text)) for name, attributes, text in self.elements if name == tag]


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> ModelManifest:
    return small_run(tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="module")
def content(manifest: ModelManifest) -> str:
    return write_report(manifest).decode()


@pytest.fixture(scope="module")
def page(content: str) -> Page:
    return Page(content)


def pictures(content: str) -> dict[str, list[ElementTree.Element]]:
    """The SVGs of each section, parsed as XML."""
    found = {}
    for name, inside in re.findall(r'<section id="(\w+)">(.*?)</section>', content, re.S):
        found[name] = [ElementTree.fromstring(svg) for svg in re.findall(r"<svg.*?</svg>", inside, re.S)]
    return found


def with_verdicts(manifest: ModelManifest, *verdicts: str) -> ModelManifest:
    """The manifest with these verdicts of its first checks, all others passed."""
    checks = [each | {"verdict": "passed"} for each in manifest.checks]
    for each, verdict in zip(checks, verdicts, strict=False):
        each["verdict"] = verdict
    return manifest.model_copy(update={"checks": tuple(checks)})


def test_the_same_manifest_gives_the_same_bytes(manifest: ModelManifest, content: str) -> None:
    again = ModelManifest.model_validate_json(manifest.model_dump_json())
    assert write_report(again).decode() == content


def test_every_section_is_there_once_and_can_be_reached(page: Page) -> None:
    assert [attributes["id"] for attributes, _ in page.all("section")] == list(SECTIONS)
    links = [attributes["href"] for attributes, _ in page.all("a")]
    assert links == [f"#{name}" for name in SECTIONS]


def test_nothing_is_fetched_and_nothing_runs(page: Page, content: str) -> None:
    for tag, attributes, _ in page.elements:
        assert tag not in {"script", "link", "img", "iframe", "object", "embed", "form", "base"}
        assert not {"src", "srcset", "action", "style", "xlink:href"} & set(attributes)
        assert not [name for name in attributes if name.startswith("on")]
        assert attributes.get("href", "#").startswith("#")
    assert not re.search(r"url\(|@import|@font-face|//", re.sub(r"s3://|</", "", content))


@pytest.mark.parametrize("section", PICTURES)
def test_every_picture_is_there_well_formed_and_said_in_words(content: str, section: str) -> None:
    found = pictures(content)[section]
    said = [picture.get("aria-label") or "" for picture in found]
    assert len(found) == len(PICTURES[section])
    for words, expected in zip(said, PICTURES[section], strict=True):
        assert expected in words
    for picture in found:
        assert picture.get("role") == "img"
        _, _, width, height = map(float, (picture.get("viewBox") or "").split())
        for mark in picture.iter():
            for name, end in (
                ("x", width),
                ("cx", width),
                ("x1", width),
                ("y", height),
                ("cy", height),
                ("y1", height),
            ):
                assert 0 <= float(mark.get(name, 0)) <= end


def test_every_check_stands_there_with_verdict_and_sentence(manifest: ModelManifest, content: str) -> None:
    _, _, inside = content.partition('<section id="checks">')
    items = [text for _, text in Page(inside[: inside.index("</section>")].partition("</h2>")[2]).all("li")]
    assert len(items) == len(manifest.checks) >= 20
    for each, item in zip(manifest.checks, items, strict=True):
        assert item == f"{MARKS[each['verdict']]} {each['title']}: {each['sentence']}. {each['code']}"


@pytest.mark.parametrize(
    ("verdicts", "title", "told"),
    [
        ((), "Fit for use", 0),
        (("warned",), "Fit for use, with reservations", 1),
        (("warned", "blocked", "warned"), "Not fit for use", 3),
    ],
    ids=["all passed", "one warned", "one blocked"],
)
def test_the_verdict_comes_first_with_what_speaks_against(
    manifest: ModelManifest, verdicts: tuple[str, ...], title: str, told: int
) -> None:
    page = Page(write_report(with_verdicts(manifest, *verdicts)).decode())
    assert page.all("h2")[0][1] == title
    listed = [attributes["class"] for attributes, _ in page.all("li")][: len(verdicts)]
    assert listed == sorted(verdicts)
    assert len(page.all("li")) == len(manifest.checks) + told


def test_the_verdict_says_what_the_top_tenth_is_worth(manifest: ModelManifest, page: Page) -> None:
    test = manifest.metrics["test"]
    (said,) = [text for attributes, text in page.all("div") if attributes.get("id") == "verdict"]
    assert f"{100 * test['precision_top_10']['value']:.0f} in 100 convert within 30d" in said
    assert f"{test['lift_top_10']['value']:.1f} times as many" in said


def test_dots_of_the_reliability_picture_stand_where_the_numbers_say(manifest: ModelManifest, content: str) -> None:
    bins = sorted(manifest.metrics["test"]["reliability"], key=lambda each: float(each["predicted"]))
    dots = list(pictures(content)["probabilities"][0].iter("circle"))
    assert len(dots) == len(bins) == 10
    x, y = ([float(dot.get(name, "nan")) for dot in dots] for name in ("cx", "cy"))
    for said, at in (("predicted", x), ("observed", [-each for each in y])):
        # Places are linear in the numbers: two of them fix the scale, the others must fit.
        low, high = min(bins, key=lambda b: b[said]), max(bins, key=lambda b: b[said])
        scale = (at[bins.index(high)] - at[bins.index(low)]) / (high[said] - low[said])
        for each, place in zip(bins, at, strict=True):
            assert place - at[bins.index(low)] == pytest.approx((each[said] - low[said]) * scale, abs=0.2)
        assert scale > 0


def test_nothing_is_lost_in_the_data_flow(content: str) -> None:
    data = content.partition('<section id="data">')[2].partition("</section>")[0]
    tables = re.findall(r"<tbody>(.*?)</tbody>", data, re.S)[:3]
    assert len(tables) == 3
    for rows in tables:
        numbers = [int(cell.replace(",", "")) for cell in re.findall(r'<td class="?number"?>([\d,]+)</td>', rows)]
        assert numbers[0] == sum(numbers[1:]) > 0


def test_names_from_the_data_are_escaped(content: str, page: Page) -> None:
    assert "law <&> tax" in [text for _, text in page.all("th")]
    assert "law <" not in content


def test_points_lead_from_the_start_to_the_score(manifest: ModelManifest) -> None:
    found: list[dict[str, Any]] = manifest.metrics["examples"]
    assert [each["score"] for each in found] == sorted((each["score"] for each in found), reverse=True)
    for each in found:
        points = sum(signal["points"] for signal in each["signals"]) + each["others"]
        assert each["start"] + points == pytest.approx(each["score"], abs=0.1)
        sizes = [abs(signal["log_odds"]) for signal in each["signals"]]
        assert sizes == sorted(sizes, reverse=True)
