"""The report in a real browser: it opens by itself, nothing is cut off, and it can be printed."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.training.small_run import small_run
from training.report.page import write_report

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ViewportSize

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
WIDE: "ViewportSize" = {"width": 1280, "height": 900}
NARROW: "ViewportSize" = {"width": 390, "height": 800}

pytestmark = [
    pytest.mark.nightly,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed: make report-check installs it with apt"),
]

CUT_OFF = """() => [...document.querySelectorAll("svg text")].filter(text => {
  const mine = text.getBoundingClientRect(), all = text.closest("svg").getBoundingClientRect();
  return mine.left < all.left - 1 || mine.right > all.right + 1
    || mine.top < all.top - 1 || mine.bottom > all.bottom + 1;
}).map(text => text.textContent)"""
EMPTY = """() => [...document.querySelectorAll("svg")].filter(svg => {
  const marks = [...svg.querySelectorAll("polyline, circle, rect")];
  const flat = mark => !mark.getBoundingClientRect().width && !mark.getBoundingClientRect().height;
  return !marks.length || marks.some(flat);
}).map(svg => svg.getAttribute("aria-label"))"""
TOO_WIDE = "() => document.documentElement.scrollWidth > window.innerWidth"
PAPER = "() => getComputedStyle(document.body).backgroundColor"


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    path = folder / "report.html"
    path.write_bytes(write_report(small_run(folder)))
    return path


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: see make report-check")
    with sync_api.sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield found
        found.close()


def test_it_opens_without_network_or_script_and_without_a_complaint(browser: "Browser", report: Path) -> None:
    context = browser.new_context(java_script_enabled=False, offline=True, viewport=WIDE)
    page, asked, complaints = context.new_page(), list[str](), list[str]()
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(report.as_uri())
    assert asked == [report.as_uri()]
    assert complaints == []
    assert page.locator("#verdict h2").inner_text().startswith(("Fit for use", "Not fit for use"))
    assert page.locator("svg").count() >= 15
    context.close()


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["on a desk", "on a phone"])
def test_every_picture_has_its_marks_and_no_word_is_cut_off(
    browser: "Browser", report: Path, size: "ViewportSize"
) -> None:
    page = browser.new_page(viewport=size)
    page.goto(report.as_uri())
    assert page.evaluate(EMPTY) == []
    assert page.evaluate(CUT_OFF) == []
    assert page.evaluate(TOO_WIDE) is False
    page.close()


def test_numbers_unfold_below_their_picture(browser: "Browser", report: Path) -> None:
    page = browser.new_page(viewport=WIDE)
    page.goto(report.as_uri())
    numbers = page.locator("#probabilities details")
    assert not numbers.locator("table").is_visible()
    numbers.locator("summary").click()
    assert numbers.locator("tbody tr").count() == 10
    assert numbers.locator("table").is_visible()
    page.close()


def test_it_is_light_or_dark_as_the_reader_has_it_and_white_on_paper(browser: "Browser", report: Path) -> None:
    page = browser.new_page(viewport=WIDE, color_scheme="light")
    page.goto(report.as_uri())
    assert page.evaluate(PAPER) == "rgb(255, 255, 255)"
    page.emulate_media(color_scheme="dark")
    assert page.evaluate(PAPER) == "rgb(20, 24, 29)"
    page.emulate_media(color_scheme="dark", media="print")
    assert page.evaluate(PAPER) == "rgb(255, 255, 255)"
    page.close()


def test_it_prints(browser: "Browser", report: Path) -> None:
    page = browser.new_page()
    page.goto(report.as_uri())
    printed = page.pdf(format="A4")
    assert printed.startswith(b"%PDF-")
    assert printed.count(b"/Type /Page\n") + printed.count(b"/Type /Page ") >= 3
    page.close()
