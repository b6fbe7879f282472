"""The page Compare in a real browser: its width, its colors, another picture, and a row that opens in Explore."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from tests.browser.clicks import settle
from tests.browser.contrast import ENOUGH, texts
from tests.browser.pages import PATIENCE, open_page, query, sized, wait_until_drawn

pytestmark = pytest.mark.browser
ROWS = ".rows[data-drawn]"
VIEW = "model=scenes/cbam&sample=scenes/24&models=scenes/cbam,scenes-tag/cbam,scenes/plain"


@pytest.fixture(scope="module")
def compare(address: str) -> str:
    return f"{address}/compare"


@pytest.mark.parametrize("language", ["en", "zh-CN"])
@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_is_wider_than_the_window(browser_page, compare: str, width: int, language: str) -> None:
    page = sized(browser_page, width, 800)
    open_page(page, compare, f"{VIEW}&lang={language}", ROWS)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for stage in page.locator(".rows .stage").all():
        bounds = stage.bounding_box()
        assert bounds["width"] > 120 and bounds["x"] >= 0 and bounds["x"] + bounds["width"] <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read(browser_page, compare: str, scheme: str) -> None:
    page = sized(browser_page, 1280, 900, color_scheme=scheme, reduced_motion="reduce")
    open_page(page, compare, VIEW, ROWS)
    page.wait_for_timeout(300)
    found = texts(page)
    assert len(found) > 40
    assert not [one for one in found if one["contrast"] < ENOUGH and one["text"] != "■"]


def test_another_picture_is_in_all_rows(browser_page, compare: str) -> None:
    open_page(browser_page, compare, VIEW, ROWS)
    before = browser_page.locator(".rows .about li .name").all_inner_texts()
    tile = browser_page.locator('.tile:not([aria-pressed="true"])').first
    slug = tile.get_attribute("data-slug")
    tile.click()
    browser_page.locator(f'.tile[data-slug="{slug}"][aria-pressed=true]').wait_for(timeout=PATIENCE)
    settle(browser_page)
    assert query(browser_page)["sample"] == slug and query(browser_page)["models"].count(",") == 2
    assert browser_page.locator(".rows .about li .name").all_inner_texts() != before


def test_a_row_opens_in_explore(browser_page, compare: str) -> None:
    open_page(browser_page, compare, VIEW, ROWS)
    browser_page.locator('.rows [data-action="open"]').nth(2).click()
    wait_until_drawn(browser_page, ".pane.attribution")
    browser_page.wait_for_function("location.search.includes('model=')", timeout=PATIENCE)
    assert urlsplit(browser_page.url).path == "/" and query(browser_page)["model"] == "scenes/plain"
