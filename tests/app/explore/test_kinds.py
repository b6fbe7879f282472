"""Every kind of attention map on the left pane: made readings, of our own models' shapes and of ImageNet's."""

from __future__ import annotations

import numpy as np
import pytest

from app import layers
from app.attention_maps import Choice, choices, find_choice, grid_of
from app.components.overlay import WORDS, Layer, Rows, Stack, pack
from app.layers import attention_layers
from app.state import View
from app.titles import attention_title, map_title, tap_titles
from app.views.explore import panes
from app.views.explore.share import code
from app.views.explore.tests import changes
from app.words import word
from core import AttentionMap, Kind, Reading, agreement, rollout_map, to_grid
from core.attention.rollout import rollout
from core.attention.tap import Tap
from tests.conftest import CLASSES
from tests.core.random_maps import softmaxed, windows_of


def reading(*maps: AttentionMap, steps: np.ndarray | None = None) -> Reading:
    even = np.full(len(CLASSES), 1 / len(CLASSES), np.float32)
    return Reading(even, even, maps, np.ones((4, 4), np.float32), steps)


def made(tap: str, kind: Kind, *shape: int, grid: tuple[int, int], cells: np.ndarray | None = None) -> AttentionMap:
    token = kind == Kind.PAIRWISE and shape[-1] == grid[0] * grid[1] + 1
    return AttentionMap(tap, kind, softmaxed(len(tap), *shape), grid, cells, ("class",) if token else ())


def shown(one: Reading, slug: str = "") -> dict[str, Layer]:
    """The layers of the left pane by slug; the overlay takes them all."""
    found = attention_layers(one, find_choice(one, slug), CLASSES)
    blob(found)
    return {layer.slug: layer for layer in found}


def blob(found: tuple[Layer, ...]) -> bytes:
    return pack(b"", (64, 64), (0, 0, 64, 64), found, [], words=dict.fromkeys(WORDS, ""))


def vision_transformer(depth: int = 12, heads: int = 12, side: int = 14) -> Reading:
    n = side**2 + 1
    weights = softmaxed(1, heads, n, n)
    names = [f"encoder.layers.encoder_layer_{number}" for number in range(depth)]
    return reading(*(AttentionMap(name, Kind.PAIRWISE, weights, (side, side), None, ("class",)) for name in names))


def swin() -> Reading:
    maps = []
    for stage, (side, heads, depth) in enumerate(((56, 3, 2), (28, 6, 2), (14, 12, 6), (7, 24, 2))):
        for block in range(depth):
            cells = windows_of(side, side, 7, 3 if block % 2 and side > 7 else 0)
            tap = f"features.{2 * stage + 1}.{block}.attn"
            maps.append(made(tap, Kind.WINDOWED, len(cells), heads, 49, 49, grid=(side, side), cells=cells))
    return reading(*maps)


def test_mixed_heads_are_signed_and_named_next_to_what_they_were() -> None:
    """The default map is one before the mixing; uniform weights and painting are not offered for the others."""
    names = [f"blocks.{number}.attn" for number in range(2)]
    maps = []
    for name in names:
        maps.append(made(name, Kind.PAIRWISE, 2, 16, 16, grid=(4, 4)))
        mixed = np.einsum("gh,hnm->gnm", [[1, -2], [0.5, 3]], maps[-1].weights).astype(np.float32)
        maps.append(AttentionMap(f"{name}.tap_mixed", Kind.MIXED, mixed, (4, 4)))
    one = reading(*maps)
    titles = tap_titles(one.maps)
    assert [titles[each.tap] for each in maps] == [
        f"Layer {number}, {when} head mixing" for number in (1, 2) for when in ("before", "after")
    ]
    assert find_choice(one, "") == Choice(names[1])
    found = shown(one, f"{names[1]}.tap_mixed")
    before, after = found[names[1]], found[f"{names[1]}.tap_mixed"]
    assert not before.signed and after.signed and after.note == word("map.mixed")
    assert np.array_equal(after.more.weights[0], maps[-1].weights.mean(0))
    assert changes.PAINTED in changes.ways(maps[2:3]) and changes.PAINTED not in changes.ways(maps[3:])


def test_what_a_change_of_mixed_heads_does_is_stated() -> None:
    before, after = Tap(Kind.PAIRWISE, softmax=True, off=0.0), Tap(Kind.MIXED, softmax=False, off=0.0)
    before.remixed = True
    assert changes.about_tap(before, changes.OFF) == word("change.about.off.remixed")
    assert changes.about_tap(before, "head") == word("change.about.part.remixed")
    assert changes.about_tap(before, changes.UNIFORM) == word("change.about.uniform.pairs")
    assert changes.about_tap(after, changes.UNIFORM) == word("change.about.uniform.mixed")
    assert changes.about_tap(after, changes.OFF) == word("change.about.off.zero.pairs")


# --- stacks


def test_a_film_says_what_the_model_would_answer_after_each_glimpse() -> None:
    steps = np.zeros((3, len(CLASSES)), np.float32)
    steps[0, 2], steps[1, 4], steps[2, 4] = 0.306, 0.63, 0.941
    one = reading(made("pool", Kind.SEQUENCE, 3, 4, 4, grid=(4, 4)), steps=steps)
    (film,) = shown(one).values()
    assert (film.title, film.label, film.rest) == ("Glimpses", "Glimpses", "average of 3 glimpses")
    assert film.more.playable and film.more.labels == (
        "Glimpse 1 · cedar 31\u00a0%",
        "Glimpse 2 · fir 63\u00a0%",
        "Glimpse 3 · fir 94\u00a0%",
    )
    assert film.more.values is one.maps[0].weights
    assert film.values == pytest.approx(sum(one.maps[0].weights[i] for i in range(3)) / 3, rel=1e-6)
    (silent,) = shown(reading(*one.maps)).values()
    assert silent.more.labels == ("Glimpse 1", "Glimpse 2", "Glimpse 3")


def test_a_feature_gate_is_a_stack_of_its_channels() -> None:
    gate = made("stage3.attention", Kind.FEATURE, 6, 4, 5, grid=(4, 5))
    (stack,) = shown(reading(gate)).values()
    assert isinstance(stack.more, Stack) and not stack.more.playable
    assert (stack.title, stack.rest) == ("Stage 3, feature gate", "average of 6 channels")
    assert stack.more.labels == tuple(f"Channel {number}" for number in range(1, 7))


def test_what_is_compared_is_the_mean_whatever_slice_is_shown_and_the_words_say_so() -> None:
    one = reading(made("pool", Kind.SEQUENCE, 3, 4, 4, grid=(4, 4)))
    assert np.array_equal(grid_of(one, Choice("pool")), to_grid(one.maps[0]))
    assert attention_title(one, Choice("pool")) == "Glimpses · average of 3 glimpses"


# --- windows, class tokens and rollout


def test_windows_of_other_queries_are_one_map_without_rows() -> None:
    """Two windows of four queries and six keys, two of them in both."""
    cells = np.array([[0, 1, 2, 3, 4, 5], [4, 5, 6, 7, 8, -1]])
    map = made("halo", Kind.KEY_WINDOWS, 2, 3, 4, 6, grid=(3, 3), cells=cells)
    found = shown(reading(map))
    assert len(found) == 4 and all(layer.more is None for layer in found.values())
    assert np.array_equal(found["halo"].values, to_grid(map)) and found["halo"].detail == "3 × 3 cells"
    assert np.array_equal(found["halo.head2"].values, to_grid(map, 1))
    assert changes.about_tap(Tap(map.kind, softmax=True, off=0.0), changes.PAINTED) == word(
        "change.about.painted.windows"
    )


def test_windows_are_handed_on_as_they_are() -> None:
    one = swin()
    slug = "features.1.1.attn"
    layer, (_, map) = shown(one, slug)[slug], one.maps[:2]
    assert isinstance(layer.more, Rows) and layer.more.cells is map.cells and layer.more.even == 1 / 49
    assert layer.more.weights == pytest.approx(map.weights.mean(1), rel=1e-6)
    assert layer.rest == "averaged over all query patches" and layer.detail == "{} × {} cells".format(*map.grid)
    head = shown(one, slug)[f"{slug}.head2"]
    assert np.array_equal(head.more.weights, map.weights[:, 1]) and head.group == "Heads of layer 2"
    assert grid_of(one, Choice(slug, 1), 60).sum() == pytest.approx(1, abs=1e-5)
    assert (grid_of(one, Choice(slug, 1), 60) > 0).sum() == 49


def test_a_class_token_is_what_a_transformer_shows_at_rest_and_rollout_comes_last() -> None:
    maps = [made(f"block{number}.attention", Kind.PAIRWISE, 2, 17, 17, grid=(4, 4)) for number in (1, 2)]
    one = reading(*maps)
    assert [choice.slug for choice in choices(one)][-1] == "rollout"
    assert find_choice(one, "") == Choice("block2.attention") and find_choice(one, "rollout") == Choice("rollout")
    found = shown(one)
    for layer in found.values():
        assert layer.rest == "query: class token" and layer.more.even == 1 / 17
    assert found["block2.attention"].values.ravel() == pytest.approx(maps[1].weights[:, 0, 1:].mean(0), rel=1e-6)
    assert np.array_equal(found["block2.attention.head2"].more.weights[0], maps[1].weights[1, 1:, 1:])
    product = rollout(maps)
    assert np.array_equal(found["rollout"].values.ravel(), product[0, 1:])
    assert np.array_equal(found["rollout"].more.weights[0], product[1:, 1:])
    assert np.array_equal(grid_of(one, Choice("rollout"), 5).ravel(), product[6, 1:])
    assert map_title(one, Choice("rollout")) == "Rollout" and found["rollout"].label == "Rollout"
    single = reading(maps[0])
    assert Choice("rollout") not in choices(single), "one layer rolls nothing out"


def test_the_code_of_a_rollout_gives_the_number_on_the_page() -> None:
    maps = [made(f"block{number}.attention", Kind.PAIRWISE, 2, 17, 17, grid=(4, 4)) for number in (1, 2)]
    one, found, printed = reading(*maps), np.random.default_rng(0).random((4, 4)), []
    view = View(model="a/b", sample="scenes/1", method="saliency", map="rollout")
    for query in (None, 7):
        last = code(view, "fir", (0, 0, 1, 1), query).splitlines()[-1]
        exec(last, {"reading": one, "found": found, "core": __import__("core"), "print": printed.append})
        assert printed[-1] == agreement(to_grid(rollout_map(maps), query=query), found)


def test_a_map_with_one_query_has_no_rows() -> None:
    (layer,) = shown(reading(made("attention", Kind.PAIRWISE, 1, 1, 16, grid=(4, 4)))).values()
    assert layer.more is None and layer.values.shape == (4, 4)


# --- many maps


def test_many_maps_are_offered_by_layer_and_the_heads_of_the_chosen_one() -> None:
    one = vision_transformer(depth=3, heads=6, side=4)
    tap = "encoder.layers.encoder_layer_{}".format
    strip = shown(one, f"{tap(1)}.head3")
    means = [tap(0), tap(1), tap(2), "rollout"]
    assert list(strip) == [*means, *(f"{tap(1)}.head{number}" for number in range(1, 7))]
    assert [strip[slug].label for slug in means] == ["Layer 1", "Layer 2", "Layer 3", "Rollout"]
    assert {layer.group for layer in strip.values()} == {"", "Heads of layer 2"}
    assert strip[tap(1)].title == "Average of 6 heads, layer 2"
    assert (strip[f"{tap(1)}.head3"].title, strip[f"{tap(1)}.head3"].label) == ("Head 3, layer 2", "Head 3")
    assert list(shown(one, "rollout")) == means, "rollout has no heads"
    assert find_choice(one, "") == Choice(tap(2)), "a deep model opens with its last layer"
    few = vision_transformer(depth=2, heads=4, side=4)
    assert list(shown(few)) == [choice.slug for choice in choices(few)]


@pytest.mark.parametrize(("make", "most"), [(vision_transformer, 1_100_000), (swin, 1_250_000)])
def test_a_deep_models_strip_is_about_a_megabyte(make, most: int) -> None:
    one = make()
    for slug in [choice.slug for choice in choices(one) if choice.head in (None, 0)][::4]:
        found = attention_layers(one, find_choice(one, slug), CLASSES)
        assert len(blob(found)) < most
        assert next(layer for layer in found if layer.slug == slug).more is not None, "the chosen one can be asked"


def test_where_all_is_too_much_only_the_chosen_map_can_be_explored() -> None:
    one = vision_transformer(depth=3, heads=6, side=24)
    slug = "encoder.layers.encoder_layer_1.head3"
    assert [layer.slug for layer in shown(one, slug).values() if layer.more] == [slug]


# --- names


@pytest.mark.parametrize(
    ("taps", "expected"),
    [
        (
            {"stage3.attention": Kind.CHANNEL, "stage4.attention": Kind.FEATURE},
            ["Stage 3, channel gate", "Stage 4, feature gate"],
        ),
        ({"pool": Kind.SPATIAL}, ["Attention pooling"]),
        ({"pool": Kind.SEQUENCE}, ["Glimpses"]),
        ({"block1.attention": Kind.PAIRWISE, "block3.attention": Kind.CHANNEL}, ["Block 1", "Block 3, channel gate"]),
        ({"features.2.0.block.2": Kind.CHANNEL, "features.4.1.block.1": Kind.CHANNEL}, ["Gate 1", "Gate 2"]),
        ({"trunk.block1.f.se": Kind.CHANNEL, "encoder.layers.encoder_layer_3": Kind.PAIRWISE}, ["Gate 1", "Layer 1"]),
        (
            {
                "blocks.0.layers.0.layers.MBconv.se": Kind.CHANNEL,
                "blocks.0.layers.0.layers.window_attention.attn": Kind.WINDOWED,
                "blocks.0.layers.0.layers.grid_attention.attn": Kind.WINDOWED,
            },
            ["Gate 1", "Layer 1, window", "Layer 2, grid"],
        ),
        (
            {"stage4.block1.first": Kind.PAIRWISE, "stage4.block2.first": Kind.PAIRWISE},
            ["Layer 1", "Layer 2"],
        ),
    ],
)
def test_a_tap_is_named_in_words_or_by_its_number(taps: dict[str, Kind], expected: list[str]) -> None:
    titles = tap_titles([made(tap, kind, 3, 4, 4, grid=(4, 4)) for tap, kind in taps.items()])
    for title, wanted in zip((titles[tap] for tap in taps), expected, strict=True):
        assert title == wanted
    assert len({titles[tap] for tap in taps}) == len(taps)
    assert not any({"_", "."} & set(title) for title in titles.values())


def test_a_model_that_weighs_channels_only_says_so() -> None:
    gate = made("stage3.attention", Kind.CHANNEL, 8, grid=(4, 4))
    one = reading(gate)
    assert list(shown(one)) == [layers.ENERGY] and list(layers.gates(one)) == ["Stage 3, channel gate"]
    assert panes.words(one)["overlay.attention_maps"] == word("map.only.channel")
    assert panes.words(reading())["overlay.attention_maps"] == word("map.no_attention")
    assert panes.words(one)["overlay.attention"] == word("map.activity") != word("overlay.attention")
