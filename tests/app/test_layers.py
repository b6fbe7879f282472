"""Readings as the overlay's layers: names that tell maps apart, the right arrays, and what a blank map says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from app.attention_maps import Choice, choices, find_choice, find_map, grid_of, strongest, uniform_share
from app.components.overlay import WORDS, Layer, Rows, pack
from app.layers import ENERGY, attention_layers, attribution_layer, gates
from app.titles import attention_title, map_detail, map_title, method_title, off_grid, stage_title
from app.words import word
from core import Attribution, Classifier, Kind, Picture, Reading, read
from core.attention import MECHANISMS, is_nearly_constant
from core.attribution import METHODS, method
from tests.conftest import CLASSES

EXPECTED = {
    "plain": [(ENERGY, "Activation of the last stage (not attention)", (4, 4), None)],
    "spatial-gate": [
        ("stage3.attention", "Stage 3, spatial gate", (8, 8), None),
        ("stage4.attention", "Stage 4, spatial gate", (4, 4), None),
    ],
    "cbam": [
        ("stage3.attention.spatial", "Stage 3, spatial gate", (8, 8), None),
        ("stage4.attention.spatial", "Stage 4, spatial gate", (4, 4), None),
    ],
    "self-attention": [
        (
            f"stage4.block1.{tap}{head}",
            f"{title}, layer 4{letter}",
            (side, side),
            (1, side**2, side**2),
        )
        for tap, letter, side in (("first", "a", 8), ("second", "b", 4))
        for head, title in [("", "Average of 4 heads"), *[(f".head{n}", f"Head {n}") for n in (1, 2, 3, 4)]]
    ],
}
"""Slug, title, shape and that of the rows of each layer of the left pane, at 64 px."""

Make = Callable[[str], Reading]


@pytest.fixture
def reading_of(tiny: Callable[[str], Classifier], picture: Picture) -> Make:
    """``reading_of("cbam")`` is that mechanism's reading of the made picture."""
    return lambda slug: read(tiny(slug), picture)


def layers_of(reading: Reading) -> tuple[Layer, ...]:
    """The left pane as it opens."""
    return attention_layers(reading, find_choice(reading, ""), CLASSES)


@pytest.mark.parametrize("slug", [one.slug for one in MECHANISMS])
def test_the_left_pane_names_each_map(slug: str, reading_of: Make) -> None:
    layers = layers_of(reading_of(slug))
    if slug in EXPECTED:
        shapes = [one.more.weights.shape if isinstance(one.more, Rows) else None for one in layers]
        found = [(one.slug, one.title, one.values.shape, rows) for one, rows in zip(layers, shapes, strict=True)]
        assert found == EXPECTED[slug]
    for names in ([one.slug for one in layers], [one.title for one in layers]):
        assert names and len(set(names)) == len(names)
    pack(b"", (80, 64), (0, 0, 64, 64), layers, [], words=dict.fromkeys(WORDS, ""))  # the overlay takes them all


def test_the_share_on_tokens_without_a_position_is_stated(reading_of: Make) -> None:
    one = reading_of("transformer").maps[0]
    share = float(one.weights[1, 0, 0])  # of the second head, from the class token to itself
    stated = f"{100 * share:.0f}\u00a0% of this head's attention goes to tokens that have no position in the picture"
    assert off_grid(one, 1) == f"{stated}: the class token."
    assert "of this attention goes to tokens" in off_grid(one, None)
    assert off_grid(reading_of("self-attention").maps[0], 0) == ""
    registers = replace(one, prefix=("class", "register", "register"), weights=np.full((1, 19, 19), 1 / 19, np.float32))
    assert off_grid(replace(registers, grid=(4, 4)), None).endswith(": the class token, 2 registers.")


def test_a_plain_model_shows_its_energy_and_says_that_it_is_not_attention(reading_of: Make) -> None:
    reading = reading_of("plain")
    (layer,) = layers_of(reading)
    assert layer.values is reading.energy and "not attention" in layer.title
    assert find_choice(reading, "") is None and find_choice(reading, ENERGY) is None and choices(reading) == ()
    assert attention_title(reading, None) == word("map.energy")


def test_rows_of_self_attention_are_what_each_patch_looks_at(reading_of: Make) -> None:
    reading = reading_of("self-attention")
    layers = {one.slug: one for one in layers_of(reading)}
    for one in reading.maps:
        heads, n, _ = one.weights.shape
        rows = layers[one.tap].more
        assert rows.cells.tolist() == [list(range(n))] and rows.even == 1 / n == uniform_share(reading, Choice(one.tap))
        for query in (0, 1, n - 1):
            for key in (0, n // 2):
                mean = sum(float(one.weights[head, query, key]) for head in range(heads)) / heads
                assert rows.weights[0, query, key] == pytest.approx(mean, rel=1e-5)
                for head in range(heads):
                    own = layers[f"{one.tap}.head{head + 1}"].more
                    assert own.weights[0, query, key] == one.weights[head, query, key]
        assert rows.weights.sum(2) == pytest.approx(1, abs=1e-5)


def test_what_enters_the_agreement_is_what_the_pane_shows(reading_of: Make) -> None:
    reading = reading_of("self-attention")
    for choice, layer in zip(choices(reading), layers_of(reading), strict=True):
        assert choice.slug == layer.slug
        assert np.array_equal(grid_of(reading, choice), layer.values)
        assert layer.values.ravel() == pytest.approx(layer.more.weights[0].mean(0), rel=1e-5)
        assert np.array_equal(grid_of(reading, choice, query=5).ravel(), layer.more.weights[0, 5])
    for slug in ("spatial-gate", "cbam"):
        reading = reading_of(slug)
        for choice, layer in zip(choices(reading), layers_of(reading), strict=True):
            constant = is_nearly_constant(find_map(reading, choice.tap))  # then there is nothing to see in the pane
            shown = np.zeros_like(layer.values) if constant else grid_of(reading, choice)
            assert np.array_equal(shown, layer.values) and layer.more is None


def test_channel_gates_are_bars_and_no_maps(reading_of: Make) -> None:
    reading = reading_of("cbam")
    found = gates(reading)
    assert list(found) == ["Stage 3, channel gate", "Stage 4, channel gate"]
    assert [one.tap for one in found.values()] == ["stage3.attention.channel", "stage4.attention.channel"]
    assert not {one.tap for one in found.values()} & {one.tap for one in choices(reading)}
    assert all(one.kind == Kind.CHANNEL and one.weights.ndim == 1 for one in found.values())
    assert not any(gates(reading_of(slug)) for slug in ("plain", "spatial-gate", "self-attention"))


@pytest.mark.parametrize(
    ("slug", "expected"),
    [
        ("spatial-gate", "stage4.attention"),
        ("cbam", "stage4.attention.spatial"),
        ("self-attention", "stage4.block1.first"),
    ],
)
@pytest.mark.parametrize("wrong", ["", "stage9", "stage4.block1.first.head9", "stage4.attention.channel", ENERGY])
def test_a_map_that_is_not_there_is_the_last_stages_first(
    slug: str, expected: str, wrong: str, reading_of: Make
) -> None:
    assert find_choice(reading_of(slug), wrong) == Choice(expected)


def test_each_slug_finds_its_own_map(reading_of: Make) -> None:
    for slug in ("spatial-gate", "cbam", "self-attention"):
        reading = reading_of(slug)
        assert all(find_choice(reading, choice.slug) == choice for choice in choices(reading))


def test_a_pinned_patch_is_named_by_row_and_column_from_one(reading_of: Make) -> None:
    reading = reading_of("self-attention")
    choice = Choice("stage4.block1.second", 1)  # on 4 x 4 cells
    assert map_title(reading, choice) == "Head 2, layer 4b"
    assert attention_title(reading, choice) == "Head 2, layer 4b"
    assert map_detail(reading, choice) == "4 × 4 cells, averaged over all query patches"
    assert attention_title(reading, choice, 0).endswith("query: row 1, column 1")
    assert attention_title(reading, choice, 7).endswith("query: row 2, column 4")


@pytest.mark.parametrize("shape", [(4, 4), (3, 7), (1, 2), (9, 1)])
def test_the_strongest_cells_are_those_of_a_slow_sort(shape: tuple[int, int]) -> None:
    values = np.random.default_rng(4).permutation(np.linspace(-1, 1, shape[0] * shape[1])).reshape(shape)
    cells = [(row + 1, column + 1, values[row, column]) for row in range(shape[0]) for column in range(shape[1])]
    slow = sorted(cells, key=lambda cell: -cell[2])
    assert list(strongest(values)) == slow[:3]
    assert list(strongest(values, count=1)) == slow[:1]
    by_size = sorted(cells, key=lambda cell: -abs(cell[2]))
    assert [abs(one[2]) for one in strongest(values, signed=True)] == [abs(one[2]) for one in by_size[:3]]


def test_ties_are_each_a_cell_of_their_own() -> None:
    found = strongest(np.full((3, 3), 0.5))
    assert len({(row, column) for row, column, _ in found}) == 3 and {value for *_, value in found} == {0.5}


READ = Reading(np.ones(1, np.float32), np.full(1, -3, np.float32), (), np.ones((4, 4), np.float32))


def attributed(slug: str, values: np.ndarray, gap: float | None = None) -> Attribution:
    return Attribution(values, values.shape, gap, slug, 0)


@pytest.mark.parametrize("one", METHODS, ids=lambda one: one.slug)
def test_a_blank_attribution_says_why_and_another_says_nothing(one) -> None:
    zero, some = np.zeros((4, 4), np.float32), np.eye(4, dtype=np.float32)
    blank, seen = (attribution_layer(one, attributed(one.slug, values), READ, ["birch"]) for values in (zero, some))
    about = "attention" if one.family == "attention" else "picture"
    told = word(f"overlay.note.zero.{about}", target="birch")
    if one.keeps_positive:
        told = word("overlay.note.negative", target="birch", method=one.title)
    assert blank.note == told and "birch" in blank.note and not seen.note
    assert seen.slug == one.slug and seen.signed == one.signed and seen.title == method_title(one) == one.title
    assert seen.values is some


def test_a_negative_attribution_is_not_blank() -> None:
    found = attributed("occlusion", -np.eye(3, dtype=np.float32))
    layer = attribution_layer(method("occlusion"), found, READ, ["birch"])
    assert not layer.note and layer.signed


def test_what_adds_up_to_a_score_is_blank_where_it_is_only_its_rounding() -> None:
    chosen, ones = method("layer-integrated-gradients"), np.eye(4, dtype=np.float32)
    faint, seen = (attributed(chosen.slug, size * ones, gap=0.0) for size in (2e-6, 4e-6))  # the score is 3
    layer = attribution_layer(chosen, faint, READ, ["birch"])
    assert word("overlay.note.zero.attention", target="birch") in layer.note and not layer.values.any()
    assert word("overlay.note.rounding") in layer.note
    assert not attribution_layer(chosen, seen, READ, ["birch"]).note
    square = attributed("vargrad", 1e-9 * ones)  # of no score
    assert not attribution_layer(method("vargrad"), square, READ, ["birch"]).note


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("stage4", "Stage 4"),
        ("block12", "Block 12"),
        ("stem", "Stem"),
        ("stage4.block1.0", "Stage 4, block 1, layer 1"),
        ("stage4.block1.project", "Stage 4, block 1, project"),
        ("layer4", "Layer 4"),
        ("features.7", "Features 7"),
        ("features.7.0", "Features 7, layer 1"),
        ("encoder_layer.conv2d", "Encoder layer, conv 2d"),
        ("3", "Layer 4"),
    ],
)
def test_a_stage_is_named_in_words(name: str, title: str) -> None:
    assert stage_title(name) == title


def test_no_two_stages_of_a_model_share_a_title() -> None:
    names = [f"stage{n}.block{m}.{k}" for n in (1, 2) for m in (1, 2) for k in ("0", "1", "project")]
    assert len({stage_title(name) for name in names}) == len(names)
