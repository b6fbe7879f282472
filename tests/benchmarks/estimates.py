"""How well times are foretold: each method, the curves and the checks of some models, estimated and then measured.

    python -m tests.benchmarks.estimates [MODEL ...] [--wall] [--twice]

Processor time of one thread, so that other work on the machine counts on neither side; ``--wall`` takes the clock on
the wall and all threads, as a user does. An estimate of less than a second is right when it is. ``--twice`` runs each
a second time, with an estimate that has learned from the first.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import torch

import core
from core import attribution
from core.classifier import Classifier
from core.data.samples import open_sample
from core.evaluation import checks, faithfulness
from core.types import Picture

MODELS, SAMPLE = ("scenes/self-attention", "imagenette/cbam"), "scenes/24"
FACTOR, QUICK = 1.5, 1.0


def jobs(model: Classifier, picture: Picture) -> dict[str, tuple[Callable[[], float], Callable[[], object]]]:
    """What tells the time of each, and what takes it."""
    found = {
        one.slug: (
            lambda one=one: attribution.seconds(model, one.slug),
            lambda one=one: core.attribute(model, picture, one.slug),
        )
        for one in attribution.methods(model)
    }
    map_, path = (core.attribute(model, picture, slug) for slug in ("grad-cam", "integrated-gradients"))
    found["curves"] = (lambda: faithfulness.curve_seconds(model), lambda: core.faithfulness(model, picture, map_))
    for one in (map_, path):
        found[f"checks of {one.method}"] = (
            lambda one=one: checks.check_seconds(model, one),
            lambda one=one: core.check(model, picture, one),
        )
    return found


def main() -> None:
    """Print a line for each: estimated, measured, and their ratio; a star where that is beyond the factor."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("models", nargs="*", default=list(MODELS))
    options.add_argument("--wall", action="store_true")
    options.add_argument("--twice", action="store_true")
    given = options.parse_args()
    if not given.wall:
        time.perf_counter = time.process_time  # what the core times itself by
    off = count = 0
    for slug in given.models:
        model, picture = core.load(slug, "cpu"), open_sample(SAMPLE)
        if not given.wall:
            model.run(lambda: torch.set_num_threads(1))  # the setting belongs to a thread: the worker is another one
        core.read(model, picture)
        print(f"\n{slug:34}{'estimated':>10}{'measured':>10}{'ratio':>8}")
        for name, (foretell, work) in jobs(model, picture).items():
            for _ in range(1 + given.twice):
                expected = foretell()
                start = time.perf_counter()
                work()
                took = time.perf_counter() - start
                ratio, quick = took / expected, max(expected, took) < QUICK
                wrong = not quick and not 1 / FACTOR <= ratio <= FACTOR
                off, count = off + wrong, count + 1
                print(f"{name:34}{expected:10.2f}{took:10.2f}{ratio:8.2f}{' *' if wrong else ''}", flush=True)
    print(f"\n{count - off} of {count} within a factor of {FACTOR}, or less than a second and told so.")


if __name__ == "__main__":
    main()
