"""Interventions: each against a model whose weights were changed by hand, or a loop; and none leaves a trace."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

import core
from core.classifier import Classifier
from core.models.zoo import build
from core.types import AttentionMap, InvalidInput, Kind, Picture
from tests.core.attentive_models import ATTENTIVE, adopted, part_of, same


@pytest.fixture(scope="module")
def other() -> Picture:
    draw = np.random.default_rng(6)
    return core.open_image(draw.uniform(size=(8, 8, 3)).repeat(8, 0).repeat(8, 1).astype(np.float32), name="other")


def changed(classifier: Classifier, by_hand: Callable[[nn.Module], None]) -> Classifier:
    """The classifier with a copy of its module that ``by_hand`` has changed."""
    module = deepcopy(classifier.module)
    with torch.no_grad():
        by_hand(module)
    return replace(classifier, module=module)


# Leaves no trace


@pytest.mark.parametrize("slug", ATTENTIVE)
def test_the_next_reading_is_bitwise_the_first_one(tiny: Callable, picture: Picture, other: Picture, slug: str) -> None:
    classifier = tiny(slug)
    first, another = core.read(classifier, picture), core.read(classifier, other)
    state = {name: value.clone() for name, value in classifier.module.state_dict().items()}
    for mine, theirs in zip(first.maps, another.maps, strict=True):
        painted = np.arange(mine.weights.size).reshape(mine.weights.shape)
        changes = [core.UNIFORM, core.OFF, core.SHUFFLED(3), theirs, painted]
        changes += [part_of(mine.kind, 1)] if mine.kind != Kind.SPATIAL else []
        for change in changes:
            steered = core.intervene(classifier, picture, {mine.tap: change})
            assert not same(steered, first)
            assert same(core.read(classifier, picture), first)
    with pytest.raises(InvalidInput):
        core.intervene(classifier, picture, {first.maps[-1].tap: np.ones((2, 2, 2, 2))})
    assert same(core.read(classifier, picture), first)
    assert all(torch.equal(value, state[name]) for name, value in classifier.module.state_dict().items())


def test_no_change_is_a_reading(tiny: Callable, picture: Picture) -> None:
    for slug in ("plain", "cbam"):
        assert same(core.intervene(tiny(slug), picture, {}), core.read(tiny(slug), picture))


# Off, against models changed by hand


@pytest.mark.parametrize("slug", ["squeeze-excitation", "feature-gate", "spatial-gate", "cbam", "attention-pooling"])
def test_with_every_gate_off_it_is_the_plain_model(tiny: Callable, picture: Picture, slug: str) -> None:
    classifier = tiny(slug)
    plain = build(replace(classifier.card, mechanism="plain")).eval()
    missing, unexpected = plain.load_state_dict(classifier.module.state_dict(), strict=False)
    assert not missing and all("attention" in name or name.startswith("pool.") for name in unexpected)
    steered = core.intervene(classifier, picture, dict.fromkeys(classifier.taps, core.OFF))
    with torch.no_grad():
        expected = plain(classifier.prepare(picture))[0]
    np.testing.assert_allclose(steered.logits, expected, atol=1e-5)


def test_without_self_attention_nothing_is_seen(tiny: Callable, picture: Picture, other: Picture) -> None:
    classifier = tiny("self-attention")
    answers = [core.intervene(classifier, one, dict.fromkeys(classifier.taps, core.OFF)) for one in (picture, other)]
    assert np.array_equal(answers[0].logits, answers[1].logits)


def open_gate(layer: nn.Linear | nn.Conv2d, channel: int) -> None:
    """The logistic gate of one channel says one, whatever comes."""
    layer.weight[channel] = 0
    layer.bias[channel] = 1e4


def mute(module: nn.Module, layer: str, head: int, heads: int) -> None:
    """A linear layer that gathers all heads no longer hears one."""
    weight = module.get_submodule(layer).weight
    weight[:, head * weight.shape[1] // heads : (head + 1) * weight.shape[1] // heads] = 0


def empty(module: nn.Module, layer: str, head: int, heads: int) -> None:
    """The values of one head, the last third of a projection's rows, are zero."""
    weight = module.get_submodule(layer).weight
    values = weight[2 * len(weight) // 3 :]
    values[head * len(values) // heads : (head + 1) * len(values) // heads] = 0


BY_HAND: dict[str, tuple[str, dict, Callable[[nn.Module], None]]] = {
    "squeeze-excitation": (
        "stage4.attention", {"channel": 5}, lambda module: open_gate(module.stage4.attention.excite, 5)
    ),
    "feature-gate": ("stage3.attention", {"channel": 2}, lambda module: open_gate(module.stage3.attention.excite, 2)),
    "transformer": ("block2.attention", {"head": 3}, lambda module: mute(module, "block2.attention.gather", 3, 4)),
    "self-attention": (
        "stage4.block1.second", {"head": 1}, lambda module: empty(module, "stage4.block1.second.project", 1, 4)
    ),
}  # fmt: skip


@pytest.mark.parametrize("slug", BY_HAND)
def test_one_channel_or_head_off_against_weights_changed_by_hand(tiny: Callable, picture: Picture, slug: str) -> None:
    classifier, (tap, part, by_hand) = tiny(slug), BY_HAND[slug]
    steered = core.intervene(classifier, picture, {tap: core.off(**part)})
    expected = core.read(changed(classifier, by_hand), picture)
    np.testing.assert_allclose(steered.logits, expected.logits, atol=1e-5)
    assert np.abs(steered.logits - core.read(classifier, picture).logits).max() > 1e-3


ADOPTED = {
    "vit": ("encoder.layers.encoder_layer_1", "self_attention.out_proj", 4),
    "swin": ("features.1.0.attn", "proj", 2),
    "maxvit": ("blocks.1.layers.0.layers.window_attention", "attn_layer.1.merge", None),
}


@pytest.mark.parametrize("family", ADOPTED)
def test_one_head_of_torchvisions_models_against_weights_changed_by_hand(picture: Picture, family: str) -> None:
    classifier, (tap, gather, heads) = adopted(family), ADOPTED[family]
    heads = heads or next(one for one in core.read(classifier, picture).maps if one.tap == tap).weights.shape[1]
    steered = core.intervene(classifier, picture, {tap: core.off(head=1)})
    expected = core.read(changed(classifier, lambda module: mute(module, f"{tap}.{gather}", 1, heads)), picture)
    np.testing.assert_allclose(steered.logits, expected.logits, atol=1e-4)
    assert np.abs(steered.logits - core.read(classifier, picture).logits).max() > 1e-3


def test_several_at_once_are_one_after_another(tiny: Callable, picture: Picture) -> None:
    classifier = tiny("transformer")
    steered = core.intervene(classifier, picture, {"block1.attention": core.off(head=(0, 2))})

    def by_hand(module: nn.Module) -> None:
        for head in (0, 2):
            mute(module, "block1.attention.gather", head, 4)

    np.testing.assert_allclose(steered.logits, core.read(changed(classifier, by_hand), picture).logits, atol=1e-5)


@pytest.mark.parametrize("number", range(4))
def test_one_glimpse_off_attends_everywhere_equally_and_the_next_start_from_there(
    tiny: Callable, picture: Picture, number: int
) -> None:
    classifier = tiny("recurrent")
    own = core.read(classifier, picture)
    steered = core.intervene(classifier, picture, {"pool": core.off(glimpse=number)})
    film, module, steps = steered.maps[0].weights, classifier.module, []
    with torch.no_grad():
        x = module.stem(classifier.prepare(picture))
        for name in ("stage1", "stage2", "stage3", "stage4"):
            x = module.get_submodule(name)(x)
        keys, values = module.pool.key(x)[0].flatten(1), x[0].flatten(1)
        hidden, memory = (one[None] for one in module.pool.start)
        for step in range(4):
            weights = (module.pool.query(hidden)[0] @ keys / len(keys) ** 0.5).softmax(-1)
            if step == number:
                weights = torch.full_like(weights, 1 / len(weights))
            np.testing.assert_allclose(film[step].ravel(), weights, atol=1e-6)
            hidden, memory = module.pool.cell((values @ weights)[None], (hidden, memory))
            steps.append(module.classify(hidden)[0].softmax(-1).numpy())
    np.testing.assert_allclose(steered.steps, steps, atol=1e-5)
    assert np.allclose(film[:number], own.maps[0].weights[:number], atol=1e-6)


# Painted by hand, and taken from another picture


@pytest.mark.parametrize("slug", ATTENTIVE)
def test_a_models_own_map_painted_back_changes_nothing(tiny: Callable, picture: Picture, slug: str) -> None:
    classifier = tiny(slug)
    own = core.read(classifier, picture)
    painted = core.intervene(classifier, picture, {one.tap: one.weights for one in own.maps})
    np.testing.assert_allclose(painted.logits, own.logits, atol=1e-5)


@pytest.mark.parametrize("slug", ["spatial-gate", "attention-pooling", "recurrent", "feature-gate", "transformer"])
def test_a_map_painted_on_the_grid_stands_for_every_channel_glimpse_head_and_query(
    tiny: Callable, picture: Picture, slug: str
) -> None:
    classifier = tiny(slug)
    own = core.read(classifier, picture).maps[-1]
    painted = np.random.default_rng(2).uniform(size=own.grid)
    found = core.intervene(classifier, picture, {own.tap: painted}).maps[-1].weights
    softmax = classifier.taps[own.tap].softmax
    expected = painted / painted.sum() if softmax else painted
    if own.kind == Kind.PAIRWISE:
        expected = np.append(0, expected.ravel())
    assert found.shape == own.weights.shape
    for place in np.ndindex(found.shape[: found.ndim - expected.ndim]):
        np.testing.assert_allclose(found[place], expected, atol=1e-6)


@pytest.mark.parametrize("family", ["swin", "maxvit"])
def test_a_map_painted_on_the_grid_is_laid_into_windows(picture: Picture, family: str) -> None:
    classifier = adopted(family)
    own = next(one for one in core.read(classifier, picture).maps if one.kind == Kind.WINDOWED)
    painted = np.random.default_rng(2).uniform(size=own.grid)
    painted[: own.grid[0] // 2] = 0  # whole windows in which nothing is painted
    steered = core.intervene(classifier, picture, {own.tap: painted})
    found = next(one for one in steered.maps if one.tap == own.tap).weights
    for window, cells in enumerate(own.cells):
        row = np.array([painted.flat[cell] if cell >= 0 else 0 for cell in cells])
        row = row / row.sum() if row.sum() else row
        for head, query in np.ndindex(found.shape[1:3]):
            np.testing.assert_allclose(found[window, head, query], row, atol=1e-6)


def test_one_large_painting_is_as_good_as_a_small_one_for_a_softmax(tiny: Callable, picture: Picture) -> None:
    classifier = tiny("attention-pooling")
    painted = np.random.default_rng(2).uniform(size=core.read(classifier, picture).maps[0].grid)
    one, two = (core.intervene(classifier, picture, {"pool": scale * painted}) for scale in (1, 1000))
    np.testing.assert_allclose(one.logits, two.logits, atol=1e-5)


@pytest.mark.parametrize("slug", ATTENTIVE)
def test_another_pictures_maps_are_multiplied_as_they_are(
    tiny: Callable, picture: Picture, other: Picture, slug: str
) -> None:
    classifier = tiny(slug)
    theirs = {one.tap: one for one in core.read(classifier, other).maps}
    steered = core.intervene(classifier, picture, theirs)
    assert all(np.array_equal(one.weights, theirs[one.tap].weights) for one in steered.maps)


# What is refused


MISTAKES = [
    ("cbam", {"stage9": core.OFF}, "tiny/cbam has no tap 'stage9'. It has: stage3.attention.channel"),
    ("plain", {"stage3.attention": core.OFF}, "tiny/plain has no tap 'stage3.attention'. It has: none"),
    ("cbam", {"stage3.attention.channel": core.off(head=0)}, "This tap has no head. Switch off a channel instead"),
    ("cbam", {"stage3.attention.spatial": core.off(channel=0)}, "This tap has no channel. Switch off the whole tap"),
    ("cbam", {"stage3.attention.channel": core.off(channel=16)}, "must be a whole number from 0 to 15, not 16"),
    ("transformer", {"block1.attention": core.off(head=(1, 9))}, "a head must be a whole number from 0 to 3, not 9"),
    ("recurrent", {"pool": core.off(glimpse=4)}, "The number of a glimpse must be a whole number from 0 to 3, not 4"),
    ("attention-pooling", {"pool": np.ones((3, 3))}, "pool takes weights of shape (4, 4), not (3, 3)"),
    ("attention-pooling", {"pool": np.zeros((4, 4))}, "Paint at least one cell"),
    ("attention-pooling", {"pool": np.full((4, 4), np.nan)}, "must be finite and not negative"),
    ("attention-pooling", {"pool": -np.ones((4, 4))}, "must be finite and not negative"),
    ("attention-pooling", {"pool": "uniform"}, "Change a tap with UNIFORM, OFF"),
    ("cbam", {"stage3.attention.channel": np.ones((8, 8))}, "takes weights of shape (16,), not (8, 8)"),
    (
        "cbam",
        {"stage3.attention.spatial": AttentionMap("a", Kind.CHANNEL, np.ones(8, np.float32), (8, 8))},
        "takes a map of kind spatial and shape (8, 8), not of kind channel and shape (8,)",
    ),
]


@pytest.mark.parametrize(("slug", "changes", "words"), MISTAKES, ids=range(len(MISTAKES)))
def test_mistakes_cost_one_sentence(tiny: Callable, picture: Picture, slug: str, changes: dict, words: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        core.intervene(tiny(slug), picture, changes)
    assert words in str(caught.value) and str(caught.value).endswith(".") and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "wrong", [{}, {"head": 1, "channel": 2}, {"head": -1}, {"head": True}, {"channel": ()}, {"glimpse": 1.5}]
)
def test_off_wants_one_kind_of_part_and_whole_numbers(wrong: dict) -> None:
    with pytest.raises(InvalidInput):
        core.off(**wrong)
