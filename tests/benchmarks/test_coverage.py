"""The table of what is found in other libraries' models: one line by a count of its own, and the stored ones."""

from __future__ import annotations

from functools import partial

import pytest

from tests.benchmarks import coverage
from tests.benchmarks.coverage import GOAL, Line, measure, table
from tests.benchmarks.coverage_models import TOWERS, TRANSFORMERS, of_timm, of_transformers


@pytest.mark.parametrize(
    ("name", "build", "calls", "rollout"),
    [
        ("transformers/Dinov2WithRegisters", partial(of_transformers, "Dinov2WithRegisters"), 2, True),
        ("timm/test_efficientnet", partial(of_timm, "test_efficientnet"), 2, False),
    ],
)
def test_a_line_counts_compares_and_edits(name: str, build: object, calls: int, rollout: bool) -> None:
    line = measure(name, build)
    assert line.calls == line.taps == calls and line.stages >= 2 and line.rollout is rollout
    assert line.logits <= GOAL and line.edit is not None and line.edit <= GOAL
    assert (line.rows is None) == name.startswith("timm") and (line.rows or 0) < 1e-5


def test_what_has_no_card_is_a_sentence() -> None:
    line = measure("timm/none", partial(of_timm, "vit_tiny_patch16_dinov3_qkvb"))
    assert line.taps == 0 and "has no classes" in line.refused


def test_the_table_counts_what_it_lists() -> None:
    lines = {
        "timm/a": Line("timm/a", 2, 2, 3, 1e-7, 2e-7, 3e-7, True),
        "timm/b": Line("timm/b", 2, 0, 3, 1e-7, notes=("No attention map of x: because.", "Something else.")),
        "timm/c": Line("timm/c", 0, 0, 3, 2e-2),
    }
    text = "\n".join(table(lines))
    assert "3 models" in text and "spread: 2." in text and "in 2; with taps: 1 (50%)" in text
    assert "    No attention map of x: because." in text and "Something else" not in text
    assert text.index("timm/a") < text.index("timm/b") < text.index("timm/c")


def test_the_stored_lines_are_of_the_models_that_are_measured() -> None:
    stored = coverage.kept()
    assert {f"transformers/{kind}" for kind in TRANSFORMERS} | {f"open_clip/{tower}" for tower in TOWERS} <= set(stored)
    assert sum(name.startswith("timm/") for name in stored) >= 80
    assert all(one.logits <= GOAL for one in stored.values() if one.logits is not None)
    assert all(coverage.reason(one) for one in stored.values() if one.calls and not one.taps)
