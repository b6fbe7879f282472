"""The table of what is found in other libraries' models: one line by a count of its own, and the stored ones."""

from __future__ import annotations

from functools import partial

import pytest
import timm

from tests.benchmarks import coverage
from tests.benchmarks.coverage import GOAL, Line, measure, table
from tests.benchmarks.coverage_models import TOWERS, TRANSFORMERS, families, of_timm, of_transformers


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


@pytest.mark.parametrize("name", ["open_clip/ViT", "open_clip/ResNet", "timm/samvit_tiny"])
def test_a_head_is_switched_off_by_hand_where_heads_have_no_axis_of_their_own(name: str) -> None:
    """The heads are summed within fused attention, or lie in the axis of pictures, as in SAM's ViT."""
    card = None
    if name in families(["timm/none"]):
        build, card = families(["timm/none"])[name]
    else:
        small = {"img_size": 64, "embed_dim": 48, "depth": 2, "num_heads": 4, "num_classes": 5, "window_size": 2}
        build = partial(timm.create_model, "samvit_base_patch16_224", **small, global_attn_indexes=[1])
    line = measure(name, build, card)
    assert line.edit is not None and line.edit <= GOAL, line


def test_every_line_with_softmax_attention_or_gates_has_an_edit_by_hand() -> None:
    without = [one.model for one in coverage.kept().values() if one.taps and one.edit is None]
    assert not without


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
