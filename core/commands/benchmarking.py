"""``benchmark``: the evaluation of methods and attention maps on models."""

from __future__ import annotations

import argparse
from dataclasses import asdict

import core
from core.commands.printing import bar, print_answer
from core.evaluation.benchmark import BenchmarkRow, shipped_benchmark
from core.models import zoo


def benchmark(options: argparse.Namespace) -> None:
    """Measure the methods and attention maps of models and store the table; existing rows are not measured again."""
    rows: list[BenchmarkRow] = []
    for slug in options.models or [card.slug for card in zoo.stored()]:
        rows += core.benchmark(
            core.load(slug, options.device),
            options.out or shipped_benchmark(),
            sources=options.sources,
            pictures=options.pictures,
            seed=options.seed,
            data=options.data,
            progress=bar(slug),
        )
    lines = [f"{'model':28}{'source':36}{'measure':14}{'mean':>7}  {'95 % interval':17}pictures"]
    for row in rows:
        spread = f"{row.low:.3f} to {row.high:.3f}"
        lines.append(f"{row.model:28}{row.source:36}{row.measure:14}{row.mean:7.3f}  {spread:17}{row.pictures:>8}")
    print_answer([asdict(row) for row in rows], "\n".join(lines), options)
