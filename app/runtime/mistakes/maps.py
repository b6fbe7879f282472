"""The maps of a run that can be displayed: nearly constant maps are left out."""

from __future__ import annotations

from dataclasses import replace

from app.runtime import results
from app.runtime.mistakes import runs
from app.runtime.mistakes.runs import Opened
from core.evaluation import is_constant

EVEN = 1e-3
"""A map whose values lie within this share of the largest is even: its colors would show little but rounding."""
MOST = 0.99
"""The share of a run's attention maps that are even where all of it is called so."""
FIRST = 20
"""One in so many of a run's parts is looked at first."""


def evenness(opened: Opened) -> tuple[float, float] | None:
    """The lowest and the highest weight of a run's attention where nearly all of its maps are even; else None."""

    def find_uniform() -> tuple[tuple[float, float] | None]:
        first = replace(opened.run, snapshot_parts=opened.run.parts[: 1 + len(opened.run.parts) // FIRST])
        if first.keeps("attention"):
            uneven = ~is_constant(first.array("attention"), EVEN)
            if uneven.sum() > (1 - MOST) * len(opened.table):
                return (None,)  # whatever the others are, which need not be read then
        values = runs.array(opened, "attention")
        if not len(values) or is_constant(values, EVEN).mean() < MOST:
            return (None,)
        return ((float(values.min()), float(values.max())),)

    if not opened.run.keeps("attention"):
        return None
    return results.store().get(("even", *opened.key), find_uniform)[0]


def shown(opened: Opened) -> str | None:
    """The run's maps to look at: its attention where that is not even, else Grad-CAM, else none."""
    kept = [name for name in ("attention", "cam") if opened.run.keeps(name)]
    return next((name for name in kept if name != "attention" or evenness(opened) is None), None)


def compares(opened: Opened) -> bool:
    """Whether the run contains how far attention and gradient agree."""
    return evenness(opened) is None and bool(opened.table["agreement"].notna().any())
