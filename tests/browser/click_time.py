"""The time from a click on a sample, or on a new cue, to the finished overlay in Chromium: a part of ``make bench``.

    python -m tests.browser.click_time [--json]

Each is clicked for the first time, so nothing of it is in the cache; then once more, when everything is.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from statistics import median
from time import perf_counter

from tests.browser.shots import CHROMIUM, FLAGS, serve

DRAWN = ".overlay[data-drawn]"
MODEL = "scenes/self-attention"
TASK = "tasks-marked/attention-pooling"
SWAPS = ".st-key-swap-row [data-testid=stButtonGroup] button"


def click(page, tile) -> float:
    """Seconds from the click to the first drawing of the new picture's maps."""
    before = int(page.locator(DRAWN).first.get_attribute("data-drawn"))
    started = perf_counter()
    tile.click()
    page.wait_for_function(
        f"() => Number(document.querySelector('{DRAWN}')?.dataset.drawn ?? [...document.querySelectorAll('*')]"
        f".map((one) => one.shadowRoot?.querySelector('{DRAWN}')?.dataset.drawn).find(Boolean)) > {before}",
        timeout=60_000,
        polling="raf",
    )
    taken = perf_counter() - started
    page.wait_for_timeout(1500)  # what follows the overlay must not fall into the next click
    return taken


def measure(model: str, buttons: str) -> dict[str, float]:
    """Milliseconds, medians over the buttons of a model's page: the first click on each, and the second."""
    from playwright.sync_api import sync_playwright

    process, address = serve()
    try:
        with sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            page.goto(f"{address}/?model={model}")
            page.wait_for_selector(DRAWN, timeout=120_000)
            page.wait_for_timeout(3000)
            found = page.locator(buttons)
            first = [click(page, found.nth(i)) for i in range(1, 7)]
            again = [click(page, found.nth(i)) for i in range(1, 6)]
            browser.close()
    finally:
        process.terminate()
        process.wait(timeout=10)
    return {"first": 1000 * median(first), "again": 1000 * median(again)}


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--json", action="store_true", help="print JSON")
    chosen = options.parse_args()
    if not Path(CHROMIUM).exists():
        print(f"No Chromium at {CHROMIUM}: the click is not timed.")
        return
    found = {"sample": measure(MODEL, ".tile"), "cue": measure(TASK, SWAPS)}
    if chosen.json:
        print(json.dumps(found))
        return
    for what, model in (("sample", MODEL), ("cue", TASK)):
        print(f"\nFrom a click on a {what} to the finished overlay ({model}), medians:")
        times = found[what]
        print(f"{times['first']:.0f} ms at the first click, {times['again']:.0f} ms when it was seen before.")


if __name__ == "__main__":
    main()
