"""Pages of the app in a real browser: opened, settled, and what their addresses say."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import TimeoutError

from tests.browser.clicks import PATIENCE, settle

MAIN, PARTS = "app/main.py", "tests/browser/parts.py"
"""What is served: the app, and parts of it alone."""
DRAWN = ".overlay[data-drawn]"
"""The overlay of Explore, once it has drawn."""


def open_page(page, address: str, query: str = "", shows: str = DRAWN) -> None:
    """The page of an address that has drawn everything: what it ``shows`` then is a selector, of Explore at first."""
    page.goto(f"{address}?{query}")
    wait_until_drawn(page, shows)


def show(page, address: str, wanted: str) -> None:
    """The page of an address, at once where it is there already: a page takes seconds to be opened."""
    told = query(page) if page.url.startswith(f"{address}/?") else {}
    if any(told.get(name) != values[0] for name, values in parse_qs(wanted).items()):
        open_page(page, address, wanted)


def wait_until_drawn(page, shows: str = DRAWN) -> None:
    """Wait until the page has settled with what it shows; one that never does fails with the text that it shows."""
    try:
        page.wait_for_selector(shows, timeout=PATIENCE)
    except TimeoutError as error:
        state = page.locator("[data-testid=stApp]").evaluate_all("(found) => found.map(({dataset}) => ({...dataset}))")
        raise AssertionError(f"{shows} is not there: {state}\n{page.locator('body').inner_text()}") from error
    settle(page)


def sized(page, width: int, height: int, **media: str):
    """The page at another size in CSS pixels, with other wishes of its user, by the names of Playwright's."""
    page.set_viewport_size({"width": width, "height": height})
    page.emulate_media(**media)
    return page


def query(page) -> dict[str, str]:
    """What the address says."""
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}
