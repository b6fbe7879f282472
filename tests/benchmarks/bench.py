"""How long ``core.read`` takes compared with a bare forward pass, for each model of the catalog: ``make bench``.

Everything runs in one process, one thread, on the CPU, in turns: each round times every job once, in another order. The
numbers are medians over the rounds; a ratio is the median of the rounds' own ratios, so that a slow moment of the
machine falls on both sides of it. Times are of this machine and this moment; only ratios say something.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping
from random import Random
from statistics import median
from time import perf_counter

import torch
from tqdm import tqdm

import core
from core.attention.tap import listen
from core.data.samples import open_sample
from core.models import zoo

BAR = 1.1
"""What ``read`` may cost, in forward passes of the same prepared picture."""

Times = Mapping[str, list[float]]
"""The seconds of each round, by job."""


def take_turns(
    jobs: Mapping[str, Callable[[], object]], rounds: int, clock: Callable[[], float] = perf_counter
) -> Times:
    """Time every job once a round, in a new order each round, so that none always follows the same one."""
    times: dict[str, list[float]] = {name: [] for name in jobs}
    order, chance = list(jobs), Random(0)
    for _ in range(rounds):
        chance.shuffle(order)
        for name in order:
            started = clock()
            jobs[name]()
            times[name].append(clock() - started)
    return times


def ratio(times: Times, above: str, *below: str) -> float:
    """The median over the rounds of one job's time divided by the sum of others'."""
    return median(top / sum(rest) for top, *rest in zip(times[above], *(times[name] for name in below), strict=True))


def excess(times: Times, more: str, *less: str) -> float:
    """The median over the rounds of what one job takes longer than others together, in milliseconds."""
    pairs = zip(times[more], *(times[name] for name in less), strict=True)
    return 1000 * median(top - sum(rest) for top, *rest in pairs)


def jobs_of(slug: str, sample: str) -> dict[str, Callable[[], object]]:
    """``read``, and what it is made of: preparing, a bare forward pass, the same on the worker, and listened to."""
    classifier = core.load(slug, "cpu")
    picture = open_sample(sample)
    x = classifier.prepare(picture)

    @torch.no_grad()
    def forward() -> None:
        classifier.module(x)

    @torch.no_grad()
    def listened() -> None:
        with listen():
            classifier.module(x)

    classifier.run(lambda: torch.set_num_threads(1))  # the setting belongs to a thread, and the worker is another one
    return {
        "read": lambda: core.read(classifier, picture),
        "first read": lambda: core.read(classifier, core.reframe(picture, "center")),  # its square is still to be cut
        "prepare": lambda: classifier.prepare(picture),
        "forward": forward,
        "on the worker": lambda: classifier.run(forward),
        "listened": listened,
    }


def measure(slug: str, sample: str, rounds: int) -> dict[str, float | str]:
    """One line of the table: milliseconds of ``read`` and of its parts, and the two ratios."""
    jobs = jobs_of(slug, sample)
    take_turns(jobs, max(3, rounds // 10))  # warm
    times = take_turns(jobs, rounds)
    parts = {
        "forward": excess(times, "forward"),
        "prepare": excess(times, "prepare"),
        "listen": excess(times, "listened", "forward"),
        "worker": excess(times, "on the worker", "forward"),
    }
    whole = excess(times, "read")
    return {
        "model": slug,
        "read": whole,
        **parts,
        "the rest": whole - sum(parts.values()),
        "read / forward": ratio(times, "read", "forward"),
        "first read / forward": ratio(times, "first read", "forward"),
    }


def table(rows: list[dict[str, float | str]]) -> str:
    """The rows under their names, in columns."""
    names = list(rows[0])
    lines = [names] + [[one if isinstance(one, str) else f"{one:.2f}" for one in row.values()] for row in rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(names))]
    places = [str.ljust, *[str.rjust] * (len(names) - 1)]
    return "\n".join("  ".join(put(*cell) for put, *cell in zip(places, line, widths, strict=True)) for line in lines)


def verdict(rows: list[dict[str, float | str]], name: str) -> str:
    """A sentence on the worst ratio of that name against the bar."""
    worst = max(rows, key=lambda row: row[name])
    held = "within" if worst[name] <= BAR else "OVER"
    return f"{name}: at most {worst[name]:.2f} ({worst['model']}), {held} the bar of {BAR}."


def main() -> int:
    """Measure the catalog and print it."""
    options = argparse.ArgumentParser(prog="python -m tests.benchmarks.bench", description=__doc__.splitlines()[0])
    options.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options.add_argument("--rounds", type=int, default=60, help="rounds for each model (60)")
    options.add_argument("--sample", default="photo/hopper", help="the sample to read (photo/hopper)")
    chosen = options.parse_args()
    torch.set_num_threads(1)
    slugs = [card.slug for card in zoo.stored()]
    if not slugs:
        print("The catalog is empty: train a model first (python -m core train scenes/plain).", file=sys.stderr)
        return 1
    rows = [measure(slug, chosen.sample, chosen.rounds) for slug in tqdm(slugs, "measuring", leave=False)]
    if chosen.json:
        print(json.dumps({"sample": chosen.sample, "rounds": chosen.rounds, "rows": rows}, indent=1))
        return 0
    print(f"Reading {chosen.sample}, one thread, medians of {chosen.rounds} rounds. Milliseconds: read, and its parts")
    print("(a bare forward, preparing, listening to the taps, running on the worker, the rest). Then ratios.")
    print("A first read also cuts the model's square out of the picture, which is kept with it from then on.\n")
    print(table(rows), "", verdict(rows, "read / forward"), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
