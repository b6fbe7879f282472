"""Mistakes in a real browser: scan, click a cell, open a picture, step with keys, open it in Explore, export."""

from __future__ import annotations

import csv
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pandas as pd
import pytest

import core
from app.views.mistakes.gallery import PAGE
from app.words import word
from tests.browser.clicks import click_until, press_until, settle
from tests.browser.pages import PATIENCE

pytestmark = pytest.mark.browser
MODEL, COUNT = "scenes-tag/cbam", 40


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """What the scan of the page must find."""
    return core.scan(core.load(MODEL, "cpu"), "scenes-tag", tmp_path_factory.mktemp("run"), pictures=COUNT)


def scan(page, address: str) -> None:
    """The page with a run on it; a scan of the same pictures is there at once the second time."""
    page.goto(f"{address}/mistakes?model={MODEL}")
    count = page.locator(".st-key-scenes-count input")
    count.wait_for(timeout=PATIENCE)
    settle(page)
    count.fill(str(COUNT))
    count.press("Enter")
    settle(page)
    page.locator(".st-key-start-scan button").click()
    page.locator(".st-key-shots .shot").first.wait_for(timeout=PATIENCE)
    settle(page)


def numbers(page) -> list[int]:
    """The pictures in the gallery, in order."""
    return [int(one.get_attribute("data-number")) for one in page.locator(".st-key-shots .shot").all()]


def opened(page) -> int:
    """The picture that is open, once all about it is drawn."""
    settle(page)
    page.locator(".st-key-case-maps img").nth(3).wait_for(timeout=PATIENCE)
    return int(page.locator(".st-key-shots .shot[aria-pressed=true]").get_attribute("data-number"))


def open_cell(browser_page, address, table) -> pd.DataFrame:
    """Scan, click the fullest cell of mistakes, and open its first picture; the cell's rows, as they are shown."""
    scan(browser_page, address)
    wrong = table[table["true"] != table["predicted"]]
    true, predicted = wrong.groupby(["true", "predicted"]).size().idxmax()
    meant = wrong.query("true == @true and predicted == @predicted").sort_values("confidence", ascending=False)
    assert len(meant) > 1
    there = [one for one in core.load(MODEL, "cpu").card.classes if one in {*table["true"], *table["predicted"]}]
    cells = browser_page.locator(".st-key-overview .scatterlayer .trace .points path")
    cell = cells.nth(there.index(true) * len(there) + there.index(predicted))
    told = f"() => document.body.innerText.includes('{true}, predicted as {predicted}')"
    click_until(browser_page, cell, 0.5, 0.5, lambda timeout: browser_page.wait_for_function(told, timeout=timeout))
    shots = browser_page.locator(".st-key-shots .shot")
    shots.nth(len(meant)).wait_for(state="detached", timeout=PATIENCE)
    shots.first.click()  # at once, while the browser still tells of the cell
    assert opened(browser_page) == meant["number"].iloc[0]
    assert numbers(browser_page) == meant["number"].tolist()
    return meant


def test_keys_step_from_picture_to_picture_and_tag_and_move_nothing(browser_page, address, table) -> None:
    meant = open_cell(browser_page, address, table)
    main = "document.querySelector('[data-testid=stMain]')"
    browser_page.wait_for_timeout(1500)  # the picture has come into sight
    browser_page.evaluate(f"() => {main}.scrollBy(0, 120)")
    browser_page.wait_for_timeout(300)
    before = browser_page.evaluate(f"() => {main}.scrollTop")
    assert before > 120

    def stays() -> None:
        settle(browser_page)
        browser_page.wait_for_timeout(600)  # longer than a glide
        assert abs(browser_page.evaluate(f"() => {main}.scrollTop") - before) < 2

    for key, place in (("n", 1), ("p", 0), ("n", 1)):
        told = browser_page.get_by_text(word("case.place", place=place + 1, count=len(meant)))
        press_until(browser_page, key, lambda timeout, told=told: told.wait_for(timeout=timeout))
        assert opened(browser_page) == meant["number"].iloc[place]
        stays()
        for kind in ("primary", "secondary"):  # a tag comes and goes, and takes no key away
            tag = browser_page.locator(f".st-key-tag-shortcut button[kind={kind}]")
            press_until(browser_page, "2", lambda timeout, tag=tag: tag.wait_for(timeout=timeout))
            stays()


def test_from_a_scan_to_a_cell_to_a_picture_and_into_explore(browser_page, address, table) -> None:
    meant = open_cell(browser_page, address, table)
    in_sight = "(({ y }) => 0 <= y && y < 450)(document.querySelector('.st-key-case').getBoundingClientRect())"
    browser_page.wait_for_function(in_sight, timeout=PATIENCE)
    browser_page.locator(".st-key-case-next button").click()
    told = browser_page.get_by_text(word("case.place", place=2, count=len(meant)))
    told.wait_for(timeout=PATIENCE)
    assert opened(browser_page) == meant["number"].iloc[1]
    predicted = meant["predicted"].iloc[0]
    browser_page.get_by_role("button", name=word("case.explore")).click()
    browser_page.wait_for_selector(".overlay[data-drawn]", timeout=PATIENCE)
    settle(browser_page)
    said = {name: values[0] for name, values in parse_qs(urlsplit(browser_page.url).query).items()}
    assert said["sample"] == f"upload/{meant['sha256'].iloc[1][:12]}" and said["model"] == MODEL
    assert said["target"] == predicted and said["method"] == "grad-cam"


def test_what_was_cleared_does_not_come_back(browser_page, address, table) -> None:
    scan(browser_page, address)
    browser_page.locator(".st-key-chip-confidence button").click()
    least = browser_page.get_by_role("slider").first
    least.focus()
    for _ in range(6):
        least.press("PageUp")
    sure = int((table["confidence"] >= 0.6).sum())
    assert 0 < sure < COUNT
    browser_page.get_by_text(word("chip.confidence.range", low=60, high=100)).first.wait_for(timeout=PATIENCE)
    browser_page.keyboard.press("Escape")
    settle(browser_page)
    browser_page.get_by_role("button", name=word("chip.clear"), exact=True).click()
    browser_page.get_by_text(f"{COUNT} pictures").first.wait_for(timeout=PATIENCE)
    settle(browser_page)
    browser_page.get_by_role("radio", name=word("filter.wrong"), exact=True).click()
    wrong = int((table["true"] != table["predicted"]).sum())
    browser_page.get_by_role("button", name=word("chip.clear"), exact=True).wait_for(timeout=PATIENCE)
    settle(browser_page)
    assert len(numbers(browser_page)) == min(wrong, PAGE)
    assert browser_page.get_by_role("button", name=word("chip.confidence"), exact=True).is_visible()


def test_points_that_are_drawn_round_are_shown(browser_page, address, table) -> None:
    scan(browser_page, address)
    browser_page.locator(".st-key-scatter").get_by_text(word("scatter.lasso"), exact=True).click()
    chart = "document.querySelector('.st-key-scatter .js-plotly-plot')?._fullLayout?.dragmode"
    browser_page.wait_for_function(f"() => {chart} === 'lasso'", timeout=PATIENCE)
    settle(browser_page)
    pane = browser_page.locator(".st-key-scatter .nsewdrag").first
    pane.scroll_into_view_if_needed()
    browser_page.mouse.wheel(0, 200)
    browser_page.wait_for_timeout(500)
    bounds = pane.bounding_box()
    corners = [(0.01, 0.01), (0.5, 0.01), (0.5, 0.99), (0.01, 0.99), (0.01, 0.02)]
    for step, (across, down) in enumerate(corners):
        place = bounds["x"] + across * bounds["width"], bounds["y"] + down * bounds["height"]
        browser_page.mouse.move(*place, steps=6)
        if not step:
            browser_page.mouse.down()
    browser_page.mouse.up()
    unsure = int((table["confidence"] < 0.5).sum())
    assert 0 < unsure < COUNT
    chip = word("chip.group", title=word("scatter.chosen"), count=unsure)
    browser_page.get_by_text(chip).first.wait_for(timeout=PATIENCE)


def test_the_table_and_the_report_are_saved(browser_page, open_window, address, table, tmp_path) -> None:
    scan(browser_page, address)
    browser_page.locator(".st-key-export button").first.click()
    with browser_page.expect_download() as download:
        browser_page.get_by_role("button", name=word("export.csv"), exact=True).click()
    rows = list(csv.DictReader(Path(download.value.path()).read_text().splitlines()))
    assert {int(one["number"]): one["predicted"] for one in rows} == dict(
        zip(table["number"], table["predicted"], strict=True)
    )
    browser_page.get_by_role("button", name=word("export.report.make")).click()
    save = browser_page.get_by_role("button", name=word("export.report.save", size="").split(",")[0])
    save.wait_for(timeout=PATIENCE)
    with browser_page.expect_download() as download:
        save.click()
    file = tmp_path / "report.html"
    download.value.save_as(file)
    page, asked = open_window(), []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(file.as_uri())
    page.wait_for_function("() => [...document.images].every((one) => one.complete && one.naturalWidth > 100)")
    assert len(page.query_selector_all("article")) == COUNT
    assert [one for one in asked if not one.startswith("data:")] == [file.as_uri()]
    page.close()
