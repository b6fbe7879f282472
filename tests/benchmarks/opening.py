"""How long a large run takes to open in a browser, and to be filtered: ``python -m tests.benchmarks.opening``.

A scan of a thousand scenes is made, and its rows stand again and again in a run of a hundred thousand, a part of them
wrong, in parts as large as a scan writes them. Times count from the click to the moment when the pictures are drawn,
and when the script has ended and all that it said is drawn.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

import numpy as np

import core
from app.runtime.mistakes.filters import Answers
from app.words import word
from core.scanning.parts import encode, write_part
from core.scanning.run import ARRAYS, COLUMNS, RUN_FILE
from core.scanning.scan import MOST
from tests.benchmarks.bench import table
from tests.browser.shots import CHROMIUM, FLAGS, serve

MODEL, DATA = "scenes-tag/cbam", "scenes-tag"
SCENES = 1000
WRONG = 0.08
"""The share of mistakes in the large run."""
BARS = {"open": 2.0, "filter": 0.5}
"""Seconds until the pictures are drawn."""
PATIENCE = 120_000  # milliseconds
RUNNING = "() => document.querySelector('[data-testid=stApp]').dataset.testScriptState !== 'notRunning'"
DEAF = 0.05
"""Seconds after which a page that does not answer is busy with drawing."""
SHOWN = """() => [...document.querySelectorAll('.st-key-shots *')]
  .flatMap((one) => [...(one.shadowRoot?.querySelectorAll('.shot') ?? [])])
  .map((one) => one.querySelector('img')?.complete ? one.dataset.number : '')"""
"""The numbers of the pictures on the page, in order."""


def enlarge(folder: Path, rows: int) -> None:
    """A run of so many rows, each a row of one real scan."""
    small = folder.parent / "small"
    found = core.scan(core.load(MODEL, "cpu"), DATA, small, pictures=SCENES)
    run, draws = core.open_run(small), np.random.default_rng(0)
    right = found["correct"].to_numpy(bool)
    weight = np.where(right, (1 - WRONG) / right.sum(), WRONG / (~right).sum())
    chosen = draws.choice(len(found), rows, p=weight / weight.sum())
    folder.mkdir(parents=True)
    facts = json.loads((small / RUN_FILE).read_text()) | {"pictures": rows}
    (folder / RUN_FILE).write_text(json.dumps(facts))
    arrays = {name: run.array(name) for name in ARRAYS if run.keeps(name)}
    for first in range(0, rows, MOST):
        part = chosen[first : first + MOST]
        lines = found.iloc[part]
        columns = {name: lines[name].to_numpy(object, na_value=None) for name in COLUMNS}
        columns |= {"number": np.arange(first, first + len(part)), "bytes": np.zeros(len(part), int)}
        columns |= {"changed": columns["bytes"], **{name: values[part] for name, values in arrays.items()}}
        write_part(folder, first, first + len(part), encode(columns))


def until(page, act: Callable[[], object]) -> tuple[float, float]:
    """Seconds from an act to other pictures than before, and to the end of all that follows, charts included."""
    before = json.dumps(page.evaluate(SHOWN))
    other = f"now.length && JSON.stringify(now) !== JSON.stringify({before})"
    drawn = f"() => {{ const now = ({SHOWN})(); return {other} }}"
    began = perf_counter()
    act()
    page.wait_for_function(drawn, timeout=PATIENCE, polling="raf")
    pictures = perf_counter() - began
    quiet = perf_counter()
    while perf_counter() - quiet < 0.5:
        asked = perf_counter()
        if page.evaluate(RUNNING) or perf_counter() - asked > DEAF:
            quiet = perf_counter()
        page.wait_for_timeout(20)
    return pictures, quiet - began


def measure(rows: int, rounds: int) -> list[dict[str, object]]:
    """Open the run and filter it, in rounds."""
    from playwright.sync_api import sync_playwright

    found: dict[str, list[tuple[float, float]]] = {"open": [], "filter": []}
    with TemporaryDirectory() as kept, sync_playwright() as driver:
        enlarge(Path(kept) / "runs" / "large", rows)
        browser = driver.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
        for _ in range(rounds):  # a server of its own each, so that nothing is known of the run
            process, address = serve(FOVEA_RUNS=f"{kept}/runs")
            try:
                page = browser.new_page(viewport={"width": 1440, "height": 1000})
                page.goto(f"{address}/mistakes?model={MODEL}")
                page.locator(".st-key-runs canvas").first.wait_for(timeout=PATIENCE)
                page.wait_for_timeout(4000)
                line = page.locator(".st-key-runs canvas").first.bounding_box()
                first = partial(page.mouse.click, line["x"] + 60, line["y"] + 52)
                found["open"].append(until(page, first))
                for answers in (Answers.RIGHT, Answers.WRONG, Answers.RIGHT):
                    choice = page.locator(".st-key-chips").get_by_text(word(f"filter.{answers}"), exact=True)
                    found["filter"].append(until(page, choice.click))
                page.close()
            finally:
                process.terminate()
                process.wait(timeout=10)
        browser.close()
    return [
        {
            f"{rows:,} rows": name,
            "pictures, s": median(one for one, _ in times),
            "everything, s": median(one for _, one in times),
            "at most": BARS[name],
        }
        for name, times in found.items()
    ]


def main() -> int:
    """Measure and print."""
    options = argparse.ArgumentParser(prog="python -m tests.benchmarks.opening", description=__doc__.splitlines()[0])
    options.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options.add_argument("--rows", type=int, default=100_000)
    options.add_argument("--rounds", type=int, default=3)
    chosen = options.parse_args()
    if not Path(CHROMIUM).exists():
        print(f"No Chromium at {CHROMIUM}: nothing is opened.", file=sys.stderr)
        return 0
    rows = measure(chosen.rows, chosen.rounds)
    print(json.dumps(rows, indent=1) if chosen.json else table(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
