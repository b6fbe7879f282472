"""Gates on Explore: one that is nearly constant says so, and channel gates come first where nothing else selects."""

from __future__ import annotations

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import core
from app.attention_maps import find_choice, selects_positions
from app.layers import attention_layers
from app.titles import constancy
from app.views.explore.keys import ExploreKey
from app.words import word
from core import AttentionMap, Kind, Reading
from core.attention import is_nearly_constant
from core.data import open_sample
from tests.app.pages import open_page, shown_text, well
from tests.conftest import CLASSES

MODEL, SAMPLE = "imagenette/cbam", "photo/china"
NOISE = np.random.default_rng(2).uniform(-1, 1, (4, 4)).astype(np.float32)


def reading(weights: np.ndarray, kind: Kind = Kind.SPATIAL) -> Reading:
    even = np.full(len(CLASSES), 1 / len(CLASSES), np.float32)
    gate = AttentionMap("stage4.attention", kind, weights.astype(np.float32), (4, 4))
    return Reading(even, even, (gate,), np.ones((4, 4), np.float32))


def layer(one: Reading, deviation: bool = False):
    return attention_layers(one, find_choice(one, ""), CLASSES, deviation)[0]


def test_a_nearly_constant_gate_is_not_drawn_but_stated() -> None:
    one = reading(0.9 + 0.001 * NOISE)
    shown = layer(one)
    assert not shown.values.any() and shown.note == constancy(one.maps[0]) and not shown.signed
    assert shown.note.startswith(word("gate.constant")) and "0.9" in shown.note


def test_its_deviation_from_its_mean_is_signed_and_exact() -> None:
    one = reading(0.9 + 0.001 * NOISE)
    shown = layer(one, deviation=True)
    weights = one.maps[0].weights
    assert shown.signed and shown.values == pytest.approx(weights - weights.mean(), abs=1e-7) and shown.values.any()
    stack = reading(0.9 + 0.001 * np.stack([NOISE, -NOISE]), Kind.FEATURE)
    slices = layer(stack, deviation=True).more.values
    assert slices == pytest.approx(0.001 * np.stack([NOISE, -NOISE]), abs=1e-6) and layer(stack).more is None


def test_a_gate_that_varies_is_drawn_as_it_is() -> None:
    one = reading(0.5 + 0.3 * NOISE)
    for deviation in (False, True):
        assert np.array_equal(layer(one, deviation).values, one.maps[0].weights)
    assert selects_positions(one) and not selects_positions(reading(0.9 + 0.001 * NOISE))


def test_a_uniform_pooling_is_no_gate() -> None:
    one = reading(np.full((4, 4), 1 / 16))
    assert layer(one).note.startswith(word("gate.constant.pool"))


def places(page: AppTest) -> tuple[int, int]:
    """Where the channel gates and the picker of the method stand among the texts of the page."""
    texts = [one.value for one in page.main.markdown]
    return texts.index(f"**{word('gate.title.channel')}**"), texts.index(f"**{word('method.label')}**")


def test_a_page_of_photographs_offers_the_deviation_and_begins_with_the_bars() -> None:
    gates = core.read(core.load(MODEL, "cpu"), open_sample(SAMPLE)).maps
    assert all(is_nearly_constant(one) == (one.kind == Kind.SPATIAL) for one in gates)
    page = well(open_page(model=MODEL, sample=SAMPLE))
    bars, method = places(page)
    assert bars < method
    page = well(page.toggle(key=ExploreKey.DEVIATION).set_value(True).run())
    assert page.toggle(key=ExploreKey.DEVIATION).value
    assert word("gate.constant") not in shown_text(page), "it is said on the pane; no channel gate is constant here"


def test_bars_follow_the_maps_where_the_model_selects_positions() -> None:
    page = well(open_page(model="scenes/cbam", sample="scenes/24"))
    bars, method = places(page)
    assert method < bars and ExploreKey.DEVIATION not in [one.key for one in page.toggle]
