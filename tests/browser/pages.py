"""Pages of the app in a real browser: opened, settled, and what their addresses say."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from tests.browser.clicks import settle

MAIN = "app/main.py"
DRAWN = ".overlay[data-drawn]"
"""The overlay of Explore, once it has drawn."""
PATIENCE = 60_000


def open_page(page, address: str, query: str = "", shows: str = DRAWN) -> None:
    """The page of an address that has drawn everything: what it ``shows`` then is a selector, of Explore at first."""
    page.goto(f"{address}?{query}")
    wait_until_drawn(page, shows)


def wait_until_drawn(page, shows: str = DRAWN) -> None:
    """Wait until the page has settled with what it shows."""
    page.wait_for_selector(shows, timeout=PATIENCE)
    settle(page)


def query(page) -> dict[str, str]:
    """What the address says."""
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}
