"""Weights painted by hand: what is on the canvas is what is multiplied, from the first stroke on."""

from __future__ import annotations

import numpy as np
import pytest

import core
from app.components.paint import paint
from app.views.explore.keys import ExploreKey
from app.views.explore.tests.changes import PAINTED
from app.words import word
from core import Classifier, InvalidInput, Picture
from core.data.samples import open_sample
from tests.app.explore.intervention_page import SAMPLE, agrees, choose, open_intervention
from tests.app.pages import shown_text, well
from tests.conftest import build_tiny


def identity_of(model: Classifier, tap: str, picture: Picture) -> str:
    return "/".join(map(str, (model.card.slug, tap, *picture.key)))


@pytest.mark.parametrize("slug", ["attention-pooling", "spatial-gate", "feature-gate", "recurrent", "self-attention"])
def test_what_is_painted_is_what_is_multiplied(slug: str) -> None:
    model, shown, picture = build_tiny(slug), open_intervention(slug), open_sample(SAMPLE)
    one = core.read(model, picture).maps[-1]
    shown = choose(shown, one.tap, PAINTED)
    untouched = "paint.untouched" if one.kind.shape == "positions" else f"paint.untouched.{one.kind}"
    assert word(untouched) in shown_text(shown) and "this attention." not in shown_text(
        shown
    )  # nothing is changed before a stroke
    grid = np.zeros(one.grid, np.float32)
    grid[0, 1], grid[-1, -1] = 1, 0.5
    shown.session_state[ExploreKey.PAINTED] = {identity_of(model, one.tap, picture): grid.ravel().tolist()}
    shown = well(shown.run())
    agrees(shown, model, {one.tap: grid})
    assert word(untouched) not in shown_text(shown)


def test_a_grid_that_is_none_costs_a_sentence() -> None:
    model, shown, picture = build_tiny("attention-pooling"), open_intervention("attention-pooling"), open_sample(SAMPLE)
    grid = core.read(model, picture).maps[-1].grid
    for wrong in ([0.0], [2.0] * 16, [float("nan")] * 16, ["a"], None, "abc"):
        with pytest.raises(InvalidInput, match="Paint it again"):
            paint.read(wrong, (4, 4))
    assert np.array_equal(paint.read([0, 0.25, 0.5, 1], (2, 2)), np.array([[0, 0.25], [0.5, 1]], np.float32))
    shown = choose(shown, "pool", PAINTED)
    shown.session_state[ExploreKey.PAINTED] = {identity_of(model, "pool", picture): [0.0] * (grid[0] * grid[1])}
    shown = shown.run()
    assert not shown.exception and next(one.value for one in shown.error).startswith("Paint at least one cell")
    shown = well(shown.button(key="reset-change").click().run())
    assert ExploreKey.PAINTED not in shown.session_state
