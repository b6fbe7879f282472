"""Trust in a real browser: full at the first start, a click on a line, measuring that stops, a phone in the dark."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest

import core
from app.views.trust.titles import source_titles
from app.words import word
from core.evaluation.benchmark import BenchmarkRow
from core.evaluation.sources import source_names
from core.models import zoo
from tests.browser.clicks import click_until, settle
from tests.browser.pages import MAIN, PATIENCE, open_page, sized

pytestmark = pytest.mark.browser
MODEL = "scenes/cbam"
CHART = ".js-plotly-plot"


@pytest.fixture(scope="module")
def own(servers, address: str) -> Path:
    """Rows of the server's own for one model, so that the page is full whatever is shipped."""
    model = core.load(MODEL, "cpu")
    path, checksum = servers.kept(MAIN) / "benchmark.json", model.card.facts["checksum"]
    made = [(name, 0.9 - 0.03 * place) for place, name in enumerate(source_names(model))]
    rows = [
        BenchmarkRow(MODEL, name, measure, mean, mean - 0.05, mean + 0.05, 0.1, 4, 4, 0, checksum)
        for name, mean in made
        for measure in ("mass", "pointing", "insertion", "deletion", "randomized")
    ]
    path.write_text(json.dumps([asdict(row) for row in rows]))
    return path


def open_section(page, address: str, section: str = "truth") -> None:
    """A section of the page that has drawn everything."""
    open_page(page, f"{address}/trust", f"model={MODEL}", CHART)
    choose(page, section)


def choose(page, section: str) -> None:
    """Another section, drawn."""
    page.locator(".st-key-section button", has_text=word(f"section.{section}")).click()
    page.get_by_role("heading", name=word(f"{section}.title")).wait_for(timeout=PATIENCE)
    page.locator("[data-testid=stDataFrame] canvas" if section == "benchmark" else CHART).first.wait_for(
        timeout=PATIENCE
    )
    settle(page)


def wait_for_value(page, key: str, value: str, timeout: int = PATIENCE) -> None:
    """Wait until a picker shows that value."""
    told = [f".st-key-{key} input", value]
    page.wait_for_function(
        "([place, value]) => document.querySelector(place)?.value === value", arg=told, timeout=timeout
    )
    settle(page)


def test_a_click_on_a_line_chooses_its_map_and_draws_it(browser_page, address, own) -> None:
    open_section(browser_page, address)
    picture = browser_page.locator("[data-testid=stImage] img")
    before = picture.get_attribute("src")
    lines = browser_page.locator(f"{CHART} .nsewdrag").first
    sources = source_names(core.load(MODEL, "cpu"))
    titles = list(source_titles(zoo.find_card(MODEL), sources).values())
    middles, (bottom, _) = browser_page.locator(CHART).first.evaluate(
        "chart => [chart._fullLayout.yaxis.tickvals, chart._fullLayout.yaxis.range]"
    )
    assert len(middles) == len(titles)
    for place in (0, 5):
        click_until(
            browser_page,
            lines,
            0.9,
            middles[place] / bottom,
            lambda timeout, place=place: wait_for_value(browser_page, "source", titles[place], timeout),
        )
    assert picture.get_attribute("src") != before
    browser_page.locator(".st-key-example input").fill("2")
    browser_page.keyboard.press("Enter")
    wait_for_value(browser_page, "example", "2")
    choose(browser_page, "benchmark")
    choose(browser_page, "truth")
    wait_for_value(browser_page, "source", titles[5])  # what was chosen stays
    wait_for_value(browser_page, "example", "2")


def test_measuring_reports_its_progress_and_stops(browser_page, address, own) -> None:
    open_section(browser_page, address, "benchmark")
    before = own.read_text()
    browser_page.locator("[data-testid=stExpander] summary").click()
    browser_page.locator(".st-key-start-measuring button").click(timeout=PATIENCE)
    browser_page.locator("[data-testid=stProgress]").get_by_text(" of ").wait_for(timeout=PATIENCE)
    browser_page.locator(".st-key-stop-measuring button").click()
    browser_page.locator(".st-key-start-measuring button").wait_for(timeout=60_000)
    assert not browser_page.locator("[data-testid=stProgress]").count()
    kept = {(row["source"], row["measure"]) for row in json.loads(before)}
    assert kept <= {(row["source"], row["measure"]) for row in json.loads(own.read_text())}


def test_the_table_goes_into_a_file(browser_page, address, own) -> None:
    open_section(browser_page, address, "benchmark")
    with browser_page.expect_download() as told:
        browser_page.get_by_role("button", name=word("benchmark.csv"), exact=True).click()
    lines = Path(told.value.path()).read_text().splitlines()
    assert told.value.suggested_filename == "fovea-benchmark-scenes-cbam.csv"
    assert lines[0].split(",") == [*asdict(BenchmarkRow("", "", "", 0, 0, 0, None, 0, 0, 0, ""))]
    assert len(lines) - 1 >= 5 * len(source_names(core.load(MODEL, "cpu")))


def test_a_phone_gets_every_section_in_one_column(browser_page, address, own) -> None:
    page = sized(browser_page, 390, 844, color_scheme="dark")
    open_section(page, address)
    for section in ("truth", "random", "faith", "benchmark"):
        choose(page, section)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        boxes = [one.bounding_box() for one in page.locator(CHART).all()]
        assert bool(boxes) == (section != "benchmark")
        for box in boxes:
            assert box["x"] >= 0 and box["x"] + box["width"] <= 390


def test_what_is_shipped_fills_the_page() -> None:
    slugs = {card.slug for card in zoo.stored() if not card.family.startswith("tasks-")}  # those are not measured yet
    rows = core.open_benchmark()
    if not rows:
        pytest.skip("no benchmark is shipped yet")
    assert {row.model for row in rows} == slugs
