"""The report of a view in a real browser: downloaded, opened without a network, and opened again in the app."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.words import word
from tests.browser.clicks import settle
from tests.browser.pages import MAIN, PATIENCE, open_page

pytestmark = pytest.mark.browser
PINNED = "query: row 8, column 6 · pinned"


@pytest.fixture(scope="module")
def report(serve, chromium, tmp_path_factory) -> Path:
    """The report of a view, as the page's button downloads it."""
    path = tmp_path_factory.mktemp("report") / "report.html"
    page = chromium.new_page(accept_downloads=True)
    open_page(page, serve(MAIN), "model=scenes/self-attention&sample=scenes/24&pin=8-6")
    page.get_by_text(PINNED).first.wait_for(timeout=PATIENCE)
    page.get_by_role("button", name=word("report.title"), exact=True).click()
    with page.expect_download(timeout=PATIENCE) as download:
        page.get_by_role("button", name=word("report.download")).click()
    download.value.save_as(path)
    page.close()
    return path


def test_a_report_opens_offline_with_maps_that_answer(report, chromium) -> None:
    context = chromium.new_context(offline=True, viewport={"width": 1280, "height": 900})
    page, requests, errors = context.new_page(), [], []
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: errors.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(report.as_uri())
    pane = page.locator("canvas[data-pane=attention]")
    pane.wait_for(timeout=PATIENCE)
    page.get_by_text(PINNED).first.wait_for(timeout=PATIENCE)
    bounds = pane.bounding_box()
    page.mouse.move(bounds["x"] + bounds["width"] * 2.5 / 16, bounds["y"] + bounds["height"] * 4.5 / 16)
    page.get_by_text("row 5, column 3").first.wait_for(timeout=PATIENCE)
    assert [url for url in requests if not url.startswith("blob:")] == [report.as_uri()]
    assert not errors
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    context.close()


def test_a_report_is_computed_again_by_the_app(report, serve, browser_page) -> None:
    open_page(browser_page, serve(MAIN), "model=scenes/plain&sample=scenes/21")
    browser_page.get_by_role("button", name=word("report.title"), exact=True).click()
    browser_page.locator("input[type=file]").last.set_input_files(report)
    browser_page.get_by_text("are the same as recorded").wait_for(timeout=PATIENCE)
    settle(browser_page)
    assert "model=scenes%2Fself-attention" in browser_page.url
    browser_page.get_by_text(PINNED).first.wait_for(timeout=PATIENCE)
    browser_page.wait_for_url("**pin=8-6**", timeout=PATIENCE)
