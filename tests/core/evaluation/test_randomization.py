"""Weights re-initialized from the top: what changes and what stays, and Spearman against scipy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr

import core
from core.attribution import batches
from core.attribution.batches import pace
from core.classifier import Classifier
from core.evaluation import randomization
from core.evaluation.randomization import TOP, cascade, map_correlation, redraw, reinitialize, weight_groups
from core.types import InvalidInput, Picture, Stopped
from tests.core.attentive_models import adopted
from tests.core.small_models import SMALL


def weights(classifier: Classifier) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in classifier.module.named_parameters()}


def check_cascade(classifier: Classifier) -> None:
    """Every stage re-draws its own weights, all of them, and no others; the mean and the spread stay."""
    before = weights(classifier)
    owners = {id(module): name for name, module in classifier.module.named_modules()}
    owned = {
        stage: {f"{owners[id(module)]}.{name}".lstrip(".") for module in modules for name, _ in
                module.named_parameters(recurse=False)}
        for stage, modules in weight_groups(classifier).items()
    }  # fmt: skip
    every = [name for names in owned.values() for name in names]
    assert sorted(every) == sorted(before) and next(iter(owned)) == TOP
    seen, last = [], before
    for stage, copy in cascade(classifier, seed=3):
        now = weights(copy)
        changed = {name for name in now if not torch.equal(now[name], last[name])}
        assert changed == owned[stage]
        seen, last = [*seen, stage], now
    assert seen == list(owned)
    large = max(before, key=lambda name: before[name].numel())
    (mean, spread), (now_mean, now_spread) = (
        (weights[large].mean().item(), weights[large].std().item()) for weights in (before, last)
    )
    few = 5 / before[large].numel() ** 0.5  # five times what chance moves
    assert now_mean == pytest.approx(mean, abs=few * spread) and now_spread == pytest.approx(spread, rel=few)
    assert all(torch.equal(value, before[name]) for name, value in classifier.module.named_parameters())


def test_each_stage_re_draws_what_is_its_own(classifier: Classifier) -> None:
    check_cascade(classifier)
    assert list(weight_groups(classifier)) == [TOP, *reversed(classifier.stages)]


@pytest.mark.parametrize("family", ["vit", "swin", "convnext", "maxvit"])
def test_each_stage_of_torchvisions_models_too(family: str) -> None:
    check_cascade(adopted(family))


@pytest.mark.slow
@pytest.mark.parametrize("family", SMALL)
def test_a_model_that_is_re_initialized_still_gives_numbers(picture: Picture, family: str) -> None:
    logits = core.read(reinitialize(adopted(family)), picture).logits
    assert np.isfinite(logits).all() and logits.std() > 0


def test_where_the_stages_are(tiny: Callable) -> None:
    found = weight_groups(tiny("cbam"))
    assert [type(module).__name__ for module in found[TOP]] == ["Linear"]
    assert found["stage1"][0] is tiny("cbam").module.stem[0]  # the stem leads to the first stage
    assert {type(module).__name__ for module in weight_groups(tiny("transformer"))["block1"]} >= {
        "Conv2d",
        "Transformer",
    }


def test_a_tensor_without_a_spread_is_drawn_with_its_size(linear: Classifier) -> None:
    """Single numbers, and tensors of one value: half of it to one and a half, mostly; zeros as if their size were 1."""
    for value, size in ((3.0, 3.0), (-0.2, 0.2), (0.0, 1.0)):
        module = torch.nn.Module()
        module.many, module.one = (torch.nn.Parameter(torch.full((n,), value)) for n in (4000, 1))
        redraw([module], torch.Generator().manual_seed(1))
        assert module.one.item() != value
        assert module.many.mean().item() == pytest.approx(value, abs=0.1 * size)
        assert module.many.std().item() == pytest.approx(size, rel=0.1)


def test_a_copy_goes_by_the_pace_of_its_original(linear: Classifier, monkeypatch: pytest.MonkeyPatch) -> None:
    found = pace(linear)
    monkeypatch.setattr(batches, "probe", lambda *_: pytest.fail("probed twice"))
    assert pace(reinitialize(linear)) is found


def test_a_model_without_stages_is_one(linear: Classifier) -> None:
    assert list(weight_groups(linear)) == [TOP]
    assert not torch.equal(reinitialize(linear).module[1].weight, linear.module[1].weight)


def test_the_same_seed_draws_the_same_weights(tiny: Callable) -> None:
    one, again, other = (weights(reinitialize(tiny("cbam"), seed)) for seed in (1, 1, 2))
    assert all(torch.equal(one[name], again[name]) for name in one)
    assert any(not torch.equal(one[name], other[name]) for name in one)


def test_the_classifier_stays_bitwise_as_it_was(tiny: Callable, picture: Picture) -> None:
    classifier = tiny("cbam")
    before = core.read(classifier, picture)
    core.randomize(classifier, picture, "saliency")
    after = core.read(classifier, picture)
    assert np.array_equal(before.logits, after.logits)
    assert all(np.array_equal(a.weights, b.weights) for a, b in zip(before.maps, after.maps, strict=True))


def test_the_maps_are_those_of_the_models_on_the_way(tiny: Callable, picture: Picture) -> None:
    classifier = tiny("spatial-gate")
    found = core.randomize(classifier, picture, "grad-cam", "elm", seed=4, stage="stage3")
    assert (found.source, found.target, found.seed) == ("grad-cam", 3, 4)
    assert found.stages == (TOP, "stage4", "stage3", "stage2", "stage1")
    expected = [core.attribute(classifier, picture, "grad-cam", "elm", stage="stage3").values]
    for _, one in cascade(classifier, 4):
        expected.append(core.attribute(one, picture, "grad-cam", "elm", stage="stage3").values)
    assert all(np.array_equal(a, b) for a, b in zip(found.maps, expected, strict=True))
    for likeness, map_ in zip(found.likeness, expected[1:], strict=True):
        assert likeness == pytest.approx(spearmanr(abs(expected[0]).ravel(), abs(map_).ravel()).statistic, abs=1e-6)


def test_attention_below_what_is_re_drawn_stays(tiny: Callable, picture: Picture) -> None:
    found = core.randomize(tiny("spatial-gate"), picture, "attention/stage3.attention")
    assert found.likeness[:2] == pytest.approx((1, 1)) and all(one < 0.99 for one in found.likeness[2:])
    assert core.randomize(tiny("plain"), picture, "saliency").target == core.read(tiny("plain"), picture).predicted


def test_a_method_that_is_insensitive_to_the_weights_is_marked(tiny: Callable, picture: Picture) -> None:
    for name in ("edges", "blob", "random"):
        found = core.randomize(tiny("plain"), picture, name)
        assert found.likeness == pytest.approx([1] * 5) and not found.is_sensitive
    assert core.randomize(tiny("plain"), picture, "saliency").is_sensitive


@pytest.mark.parametrize("shape", [(16, 16), (8, 8), (5, 9), (64, 64)])
@pytest.mark.parametrize("levels", [None, 3])
def test_similarity_is_spearmans_of_the_pooled_values(shape: tuple[int, int], levels: int | None) -> None:
    draw = np.random.default_rng(3)
    a = draw.normal(size=shape)
    b = a + draw.normal(size=shape)
    if levels:
        a, b = np.rint(a), np.rint(b)

    def pooled(array: np.ndarray) -> np.ndarray:
        return array.reshape(16, 4, 16, 4).mean((1, 3)) if shape == (64, 64) else array

    for signed, one, two in ((False, abs(a), abs(b)), (True, a, b)):
        expected = spearmanr(pooled(one).ravel(), pooled(two).ravel()).statistic
        assert map_correlation(a, b, signed) == pytest.approx(expected, abs=1e-6)
    assert map_correlation(a, -a) == map_correlation(a, a) == pytest.approx(1) and map_correlation(
        a, -a, signed=True
    ) == pytest.approx(-1)
    for even in (np.zeros(shape), np.full(shape, 0.3), 1 - 3e-8 * draw.uniform(size=shape)):
        assert map_correlation(a, even) is None and map_correlation(even, a, signed=True) is None
    flat = np.where(np.add.outer(*map(np.arange, shape)) % 2, 1.0, -1.0)  # by strength it is the same everywhere
    assert map_correlation(a, flat) is None and (map_correlation(a, flat, signed=True) is None) == (shape == (64, 64))


def test_a_blank_map_is_neither_like_nor_unlike(tiny: Callable, picture: Picture) -> None:
    found = core.randomize(tiny("plain"), picture, "saliency")
    blank = [np.zeros_like(found.maps[0])]
    for likeness, cares in (((0.9, None), None), ((None, 0.4), True), ((None, 0.6), False)):
        assert replace(found, likeness=likeness, maps=(*found.maps[:2], *blank)).is_sensitive is cares
    seen = iter([found.maps[0], found.maps[1], *4 * blank])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(randomization, "map_source", lambda *_: lambda *_: next(seen))
        gone = core.randomize(tiny("plain"), picture, "grad-cam")
    assert gone.likeness == (found.likeness[0], None, None, None, None) and gone.is_sensitive is None


def test_it_counts_maps_and_ends_when_stopped_within_one(tiny: Callable, picture: Picture) -> None:
    calls: list[tuple[int, int]] = []
    core.randomize(tiny("plain"), picture, "saliency", progress=lambda *call: calls.append(call))
    done, totals = zip(*calls, strict=True)
    assert list(done) == sorted(done) and set(done) == set(range(7)) and set(totals) == {6}

    def stop(done: int, total: int) -> None:
        assert done == 0
        raise Stopped("enough")

    with pytest.raises(Stopped):
        core.randomize(tiny("plain"), picture, "occlusion", progress=stop)


def test_mistakes(tiny: Callable, picture: Picture) -> None:
    for words, call in (
        ("There is no method 'salience'", lambda: core.randomize(tiny("plain"), picture, "salience")),
        ("has no class 'cat'", lambda: core.randomize(tiny("plain"), picture, "saliency", "cat")),
        ("has no parameter", lambda: core.randomize(tiny("plain"), picture, "saliency", steps=5)),
        ("Give the name of a method", lambda: core.randomize(tiny("plain"), picture, None)),
    ):
        with pytest.raises(InvalidInput, match=words):
            call()
