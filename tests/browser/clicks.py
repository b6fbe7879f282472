"""Clicks, keys, and a page that settles: a redrawn element ignores them, so they are repeated."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Locator, Page, TimeoutError

TRIES, EACH = 5, 20_000
"""How often a click is made, and the milliseconds that each has to show."""
PATIENCE, QUIET = 120_000, 200
"""Milliseconds until a page must have settled, on a machine that does much else, and for how long it is quiet then."""


def settle(page: Page) -> None:
    """Wait until no script of the page runs, and none begins.

    Streamlit writes the state of the script to its outermost element; the icon that users see comes half a second late.
    """
    page.evaluate("() => { window.quietSince = undefined }")
    page.wait_for_function(
        """(long) => {
            const state = document.querySelector("[data-testid=stApp]")?.dataset;
            const quiet = state?.testScriptState === "notRunning" && state.testConnectionState === "CONNECTED";
            window.quietSince = quiet ? (window.quietSince ?? performance.now()) : undefined;
            return quiet && performance.now() - window.quietSince > long;
        }""",
        arg=QUIET,
        timeout=PATIENCE,
    )


def click_until(page: Page, place: Locator, across: float, down: float, answered: Callable[[int], object]) -> None:
    """Click into a place, at shares of its width and height, until ``answered(milliseconds)`` no longer times out."""

    def click() -> None:
        place.scroll_into_view_if_needed()
        bounds = place.bounding_box()
        page.mouse.click(bounds["x"] + across * bounds["width"], bounds["y"] + down * bounds["height"])

    act_until(click, answered)


def press_until(page: Page, key: str, answered: Callable[[int], object]) -> None:
    """Press a key until ``answered(milliseconds)`` no longer times out."""
    act_until(lambda: page.keyboard.press(key), answered)


def act_until(act: Callable[[], object], answered: Callable[[int], object]) -> None:
    """Act until the page answers."""
    for left in reversed(range(TRIES)):
        act()
        try:
            answered(EACH)
            return
        except TimeoutError:
            if not left:
                raise
