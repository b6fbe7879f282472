"""The memory of a process that analyzes pictures with all models: ``make soak``.

    python -m tests.benchmarks.soak [--analyses 2000] [--every 100] [--limit 40] [--json]

Each analysis is that of a page of Explore, by the functions that the app calls, with its caches: reading, panel, one
quick attribution method and one intervention, on a picture that was not seen before. The models take turns.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from random import Random

import core
from app import runtime
from app.runtime import results
from app.runtime.explore import interventions
from core import ModelCard
from core.images import frame
from core.models import zoo
from core.tasks import find_task
from tests.benchmarks.bench import table
from tests.benchmarks.memory import MEASURABLE, resident

GOAL = 2000
"""Megabytes at most."""
QUICK = 6
"""The number of attribution methods that are used of each model, those with the fewest forward passes."""


def shipped() -> list[ModelCard]:
    """The models whose weights are on this machine."""
    return [card for card in zoo.cards() if zoo.present(card)]


def analyze(card: ModelCard, number: int) -> None:
    """One analysis of the picture of that number."""
    model = runtime.classifier(card, "cpu")
    slug = f"{card.family if find_task(card.family) else 'scenes'}/{number}"
    picture = frame(runtime.sample_picture(slug), card.size, card.resize)
    reading = runtime.reading_with_panel(model, picture)
    quick = sorted(runtime.fitting(model), key=lambda one: one.forwards(model))[:QUICK]
    runtime.attribution(model, picture, Random(number).choice(quick), reading.predicted, {})
    if reading.maps:
        tap = reading.maps[-1].tap
        interventions.intervene(model, picture, {tap: core.UNIFORM}, tap, "uniform")


def curve(analyses: int, every: int, minutes: float, cards: Sequence[ModelCard]) -> Iterator[dict[str, float]]:
    """The memory of the process and of its caches in MB, before the first and after every so many analyses.

    It ends early after so many minutes.
    """
    end = time.monotonic() + 60 * minutes
    for done in range(analyses + 1):
        if done % every == 0:
            store, models = results.store(), runtime.models().store
            yield {"analyses": done, "MB": resident() / 1e6, "results": store.bytes / 1e6, "models": models.bytes / 1e6}
        if done == analyses or time.monotonic() > end:
            return
        analyze(cards[done % len(cards)], done)


def main(words: Sequence[str] | None = None) -> int:
    """Measure and print; 1 if the process takes more memory than ``GOAL``."""
    options = argparse.ArgumentParser(prog="python -m tests.benchmarks.soak", description=__doc__.splitlines()[0])
    options.add_argument("--analyses", type=int, default=2000)
    options.add_argument("--every", type=int, default=100, help="analyses between two lines (100)")
    options.add_argument("--limit", type=float, default=40, help="minutes at most (40)")
    options.add_argument("--models", type=int, help="this many models only, from the first")
    options.add_argument("--json", action="store_true", help="print JSON instead of a table")
    chosen = options.parse_args(words)
    if not MEASURABLE:
        print("Memory is measured on Linux with glibc.", file=sys.stderr)
        return 0
    cards, rows = shipped()[: chosen.models], []
    for row in curve(chosen.analyses, chosen.every, chosen.limit, cards):
        rows.append(row)
        print(f"{row['analyses']} analyses: {row['MB']:.0f} MB", file=sys.stderr, flush=True)
    shown = [{name: f"{value:,.0f}" for name, value in row.items()} for row in rows]
    print(json.dumps(rows) if chosen.json else table(shown))
    most = max(row["MB"] for row in rows)
    print(f"{len(cards)} models, at most {most:,.0f} MB; the target is {GOAL:,} MB.", file=sys.stderr)
    return int(most > GOAL)


if __name__ == "__main__":
    sys.exit(main())
