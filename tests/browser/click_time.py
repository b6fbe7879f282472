"""The time from a click to the finished maps in Chromium: a part of ``make bench``.

    python -m tests.browser.click_time [--json] [sample] [cue] [compare]

A click on a sample and on a new cue on Explore, and on a sample on Compare with its first models. Each is clicked for
the first time, so nothing of it is in the cache; then once more, when everything is. On Compare a click has finished
when all rows are there and no script runs.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from tests.browser.clicks import settle
from tests.browser.shots import CHROMIUM, FLAGS, serve


@dataclass(frozen=True)
class Clicked:
    """What is clicked: the page with its model, its buttons, and what draws. ``whole``: until the page is quiet."""

    title: str
    page: str
    buttons: str
    drawn: str = ".overlay[data-drawn]"
    whole: bool = False


CLICKED = {
    "sample": Clicked("a sample", "?model=scenes/self-attention", ".tile"),
    "cue": Clicked(
        "a cue", "?model=tasks-marked/attention-pooling", ".st-key-swap-row [data-testid=stButtonGroup] button"
    ),
    "compare": Clicked(
        "a sample on Compare", "compare?model=scenes/self-attention", ".tile", ".rows[data-drawn]", whole=True
    ),
}


def click(page, button, clicked: Clicked) -> float:
    """Milliseconds from the click, as the page gets it, to the first drawing of the new maps or until all is there."""
    page.evaluate(
        "addEventListener('click', () => { window.clickedAt = performance.now() }, {capture: true, once: true})"
    )
    before = int(page.locator(clicked.drawn).first.get_attribute("data-drawn"))
    button.click()
    page.wait_for_function(
        """([drawn, before]) => {
            const roots = [...document.querySelectorAll("*")].map((one) => one.shadowRoot).filter(Boolean);
            const found = [document, ...roots].map((one) => one.querySelector(drawn)?.dataset.drawn).find(Boolean);
            window.drawnAt = performance.now();
            return Number(found) > before;
        }""",
        arg=[clicked.drawn, before],
        timeout=60_000,
        polling="raf",
    )
    taken = page.evaluate("drawnAt - clickedAt")
    if clicked.whole:
        page.locator(f"{clicked.drawn} .pending").first.wait_for(state="detached", timeout=60_000)
        complete = page.evaluate("performance.now()")
        settle(page)
        taken = page.evaluate("(complete) => Math.max(complete, quietSince) - clickedAt", complete)
    page.wait_for_timeout(1500)  # what follows the overlay must not fall into the next click
    return taken


def measure(clicked: Clicked) -> dict[str, list[float]]:
    """Milliseconds of each click on the buttons of a page: the first one on each, and the second."""
    from playwright.sync_api import sync_playwright

    process, address = serve()
    try:
        with sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            page.goto(f"{address}/{clicked.page}")
            page.wait_for_selector(clicked.drawn, timeout=120_000)
            settle(page)
            page.wait_for_timeout(3000)
            found = page.locator(clicked.buttons)
            first = [click(page, found.nth(i), clicked) for i in range(1, 7)]
            again = [click(page, found.nth(i), clicked) for i in range(1, 6)]
            browser.close()
    finally:
        process.terminate()
        process.wait(timeout=10)
    return {"first": first, "again": again}


def main(names: Sequence[str] | None = None) -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--json", action="store_true", help="print JSON")
    options.add_argument("names", nargs="*", metavar="NAME", help=f"what is clicked: {', '.join(CLICKED)}")
    chosen = options.parse_args(names)
    if unknown := sorted(set(chosen.names) - CLICKED.keys()):
        options.error(f"There is no {unknown[0]}; choose from {', '.join(CLICKED)}.")
    if not Path(CHROMIUM).exists():
        print(f"No Chromium at {CHROMIUM}: the click is not timed.")
        return
    found = {name: measure(CLICKED[name]) for name in chosen.names or CLICKED}
    if chosen.json:
        print(json.dumps(found))
        return
    for name, times in found.items():
        print(f"\nFrom a click on {CLICKED[name].title} to the finished maps ({CLICKED[name].page}):")
        for which, order in (("first", "at the first click"), ("again", "when it was seen before")):
            one = times[which]
            print(f"{median(one):.0f} ms {order} (median of {len(one)}, from {min(one):.0f} to {max(one):.0f}).")


if __name__ == "__main__":
    main()
