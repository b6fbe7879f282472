"""How a weight is computed, on the page: for every mechanism, of the map on the left pane, in both languages."""

from __future__ import annotations

import pytest

import core
from app.views.explore.derivation import figure
from app.views.explore.keys import ExploreKey
from app.words import use, word
from core.data import open_sample
from tests.app.pages import open_page, shown_text, well

SAMPLE = "scenes/24"
MODELS = (
    "scenes/self-attention",
    "scenes/squeeze-excitation",
    "scenes/feature-gate",
    "scenes/spatial-gate",
    "scenes/cbam",
    "scenes/attention-pooling",
    "scenes/recurrent",
    "scenes/transformer",
)


@pytest.mark.parametrize("slug", MODELS)
def test_the_weight_of_the_page_is_that_of_the_model(slug: str) -> None:
    page = well(open_page(model=slug, sample=SAMPLE))
    page = well(page.toggle(key=ExploreKey.DERIVE).set_value(True).run())
    text = shown_text(page)
    tap = page.session_state[ExploreKey.DERIVE_TAP]
    reading = core.read(core.load(slug, "cpu"), open_sample(SAMPLE))
    one = next(each for each in reading.maps if each.tap == tap)
    if one.kind.compares:
        at = 0 if one.prefix else one.grid[0] // 2 * one.grid[1] + one.grid[1] // 2
        weight = float(one.weights[0, at].max())
    else:
        weight = float(one.weights.max())
    assert f"**{figure(weight)}**" in text
    assert "derive." not in text
    assert page.latex
    assert any(one.value.startswith("`a`: attention weight.") for one in page.caption)
    assert "def forward" in text
    assert not well(page.toggle(key=ExploreKey.DERIVE).set_value(False).run()).latex


def test_models_without_a_derivation_have_no_switch() -> None:
    for slug in ("scenes/plain",):
        page = well(open_page(model=slug, sample=SAMPLE))
        assert not [one for one in page.toggle if one.key == ExploreKey.DERIVE]


def test_it_speaks_chinese() -> None:
    page = well(open_page(model="scenes/cbam", sample=SAMPLE, lang="zh-CN"))
    page.session_state[ExploreKey.DERIVE] = True
    try:
        use("zh-CN")  # in which the labels of the widgets are compared
        page = well(page.run())
        assert word("derive.table.units") in shown_text(page) or word("derive.table.neighbors") in shown_text(page)
    finally:
        use("en")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.0, "0.0000"),
        (0.12345, "0.1235"),
        (-1.5, "−1.5000"),
        (2.1e-29, "2.1 × 10⁻²⁹"),
        (9.97e-7, "1.0 × 10⁻⁶"),
        (-9.96e-5, "−1.0 × 10⁻⁴"),
        (1e-6, "1.0 × 10⁻⁶"),
        (9.94e-7, "9.9 × 10⁻⁷"),
    ],
)
def test_small_numbers_have_powers(value: float, shown: str) -> None:
    assert figure(value).replace("\u202f", " ") == shown
