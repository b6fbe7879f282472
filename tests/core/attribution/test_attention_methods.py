"""Attention in the place of an attribution, and attribution to a tap: by hand, by finite differences, and Captum."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
import torch
from captum.attr import LayerGradientXActivation, LayerIntegratedGradients
from torch import Tensor
from torchvision.models import VisionTransformer

import core
from core.attention.tap import listen, replaced, steer, switched_off, uniform
from core.attribution import attribute, method, methods
from core.attribution.baseline import absent
from core.classifier import Classifier
from core.types import InvalidInput, Kind, ModelCard, Picture
from tests.conftest import CLASSES
from tests.core.quick_methods import compute, double, silent
from tests.core.small_models import enliven, small

GATES = {"feature-gate": "stage4.attention", "spatial-gate": "stage3.attention", "cbam": "stage4.attention.spatial"}
PLACED = ("feature-gate", "spatial-gate", "cbam", "attention-pooling", "self-attention", "recurrent", "transformer")


def weights_of(classifier: Classifier, x: Tensor, tap: str) -> Tensor:
    with torch.no_grad(), listen() as records:
        classifier.module(x)
    return records[classifier.taps[tap]].weights


def differences(classifier: Classifier, x: Tensor, tap: str, target: int) -> np.ndarray:
    """∂F/∂W of every weight of one tap by central differences, the taps behind it following suit."""
    weights, step = weights_of(classifier, x, tap)[0], 1e-5
    moves = step * torch.eye(weights.numel(), dtype=weights.dtype).view(-1, *weights.shape)
    found = []
    for part in moves.split(256):
        both = torch.cat((weights + part, weights - part))
        with torch.no_grad(), steer(classifier.module, {tap: lambda _, own, both=both: both}):
            up, down = classifier.score(x.expand(len(both), -1, -1, -1), target).chunk(2)
        found.append((up - down) / 2 / step)
    return torch.cat(found).view(weights.shape).numpy()


@cache
def two_layers() -> Classifier:
    """A vision transformer of two layers with two heads each: 16 patches and a class token."""
    module = enliven(VisionTransformer(32, 8, 2, 2, 32, 64, num_classes=len(CLASSES)), 32)
    return double(core.adopt(module, ModelCard("made/vit", "", "plain", CLASSES, size=32), "cpu"))


@pytest.mark.parametrize("slug", PLACED)
def test_an_attention_map_is_what_the_reading_shows(
    tiny: Callable[[str], Classifier], picture: Picture, slug: str
) -> None:
    classifier = tiny(slug)
    for one in core.read(classifier, picture).maps:
        if one.kind == Kind.CHANNEL:
            continue
        found = attribute(classifier, picture, "attention", 3, tap=one.tap)
        assert np.array_equal(found.values, core.to_grid(one)) and found.grid == one.grid
        if one.kind == Kind.PAIRWISE:
            head = attribute(classifier, picture, "attention", tap=one.tap, head=2)
            assert np.array_equal(head.values, core.to_grid(one, head=2))
    assert np.array_equal(found.values, attribute(classifier, picture, "attention").values)  # the last, by default


def test_channels_have_no_place_and_heads_are_counted(tiny: Callable[[str], Classifier], picture: Picture) -> None:
    tap, head = method("attention").parameters
    assert tap.options(tiny("cbam")) == ("stage3.attention.spatial", "stage4.attention.spatial")
    assert head.options(tiny("cbam")) == ("mean",) and head.options(tiny("transformer")) == ("mean", 0, 1, 2, 3)
    with pytest.raises(InvalidInput, match="must be one of: stage3"):
        attribute(tiny("cbam"), picture, "attention", tap="stage3.attention.channel")
    with pytest.raises(InvalidInput, match="must be one of: mean"):
        attribute(tiny("self-attention"), picture, "attention", head=4)


def test_rollout_of_two_layers_by_hand(picture: Picture) -> None:
    classifier = two_layers()
    x = classifier.prepare(picture).double()
    first, second = (weights_of(classifier, x, tap)[0].mean(0).numpy() for tap in classifier.taps)
    whole, shortcut = np.zeros((17, 17)), np.eye(17)
    for i in range(17):
        for j in range(17):
            for k in range(17):
                whole[i, j] += (second[i, k] + shortcut[i, k]) / 2 * (first[k, j] + shortcut[k, j]) / 2
    np.testing.assert_allclose(compute(classifier, "rollout", x, 0), whole[0, 1:].reshape(4, 4), rtol=1e-5)


def test_gradient_x_attention_of_two_layers_by_hand(picture: Picture) -> None:
    classifier = two_layers()
    x, relevance = classifier.prepare(picture).double(), np.eye(17)
    for tap in classifier.taps:
        weights = weights_of(classifier, x, tap)[0].numpy()
        supports = (weights * differences(classifier, x, tap, 5)).clip(0).mean(0)
        relevance = relevance + supports @ relevance
    found = compute(classifier, "gradient-x-attention", x, 5)
    np.testing.assert_allclose(found, relevance[0, 1:].reshape(4, 4), rtol=1e-4, atol=1e-8)
    assert method("gradient-x-attention").parameters[0].options(classifier) == ("all layers", *classifier.taps)


@pytest.mark.parametrize("slug", [*GATES, "attention-pooling"])
def test_one_gate_is_its_weights_times_their_slopes(
    tiny: Callable[[str], Classifier], picture: Picture, slug: str
) -> None:
    classifier, tap = double(tiny(slug)), GATES.get(slug, "pool")
    x = classifier.prepare(picture).double()
    product = weights_of(classifier, x, tap)[0].numpy() * differences(classifier, x, tap, 2)
    supports = product.clip(0).mean(0) if product.ndim == 3 else product.clip(0)
    whole = product.sum(0) if product.ndim == 3 else product
    found = compute(classifier, "gradient-x-attention", x, 2, tap=tap)
    np.testing.assert_allclose(found, supports, rtol=1e-4, atol=1e-6 * np.abs(product).max())
    found = compute(classifier, "layer-gradient-x-activation", x, 2, tap=tap)
    np.testing.assert_allclose(found, whole, rtol=1e-4, atol=1e-6 * np.abs(product).max())


@pytest.mark.parametrize("slug", ["spatial-gate", "feature-gate", "self-attention", "transformer"])
def test_layer_methods_are_captums(tiny: Callable[[str], Classifier], picture: Picture, slug: str) -> None:
    """Summed over heads and queries, the class token's column left out."""
    classifier = double(tiny(slug))
    x, tap = classifier.prepare(picture).double(), list(classifier.taps)[-1]
    place = classifier.taps[tap]

    def laid(values: Tensor) -> np.ndarray:
        values = values[0].detach()
        if values.ndim == 2:
            return values.numpy()
        side = round(values.shape[-1] ** 0.5)
        return (values.sum(0) if slug == "feature-gate" else values.sum((0, 1))[-(side**2) :].view(side, side)).numpy()

    with listen():  # the fused kernel would pass the tap by
        expected = LayerGradientXActivation(classifier.module, place).attribute(x.clone().requires_grad_(), target=4)
        theirs = LayerIntegratedGradients(classifier.module, place)
        path = theirs.attribute(x, absent(classifier, x, "black"), target=4, n_steps=10, internal_batch_size=1)
    found = compute(classifier, "layer-gradient-x-activation", x, 4, tap=tap)
    np.testing.assert_allclose(found, laid(expected), rtol=1e-8, atol=1e-12)
    found = compute(classifier, "layer-integrated-gradients", x, 4, tap=tap, start="black")
    np.testing.assert_allclose(found, laid(path), rtol=1e-5, atol=1e-6 * np.abs(found).max())


@pytest.mark.parametrize("start", ["uniform", "off", "white"])
@pytest.mark.parametrize("slug", PLACED)
def test_layer_integrated_gradients_add_up(
    tiny: Callable[[str], Classifier], picture: Picture, slug: str, start: str
) -> None:
    """What the map adds up to is how far the score moves when this one map is replaced."""
    classifier = double(tiny(slug))
    x = classifier.prepare(picture).double()
    tap = next(name for name, one in classifier.taps.items() if one.kind != Kind.CHANNEL)
    replacements = {"uniform": uniform, "off": switched_off}
    if start == "white":
        replacements["white"] = replaced(weights_of(classifier, absent(classifier, x, "white"), tap)[0])
    with torch.no_grad():
        end = classifier.score(x, 8).item()
        if slug == "recurrent":  # every glimpse at once, as it was in the whole film
            film = weights_of(classifier, x, tap)
            replacements = {**replacements, **{
                name: replaced(change(classifier.taps[tap], film)[0])
                for name, change in (("uniform", uniform), ("off", switched_off))
            }}  # fmt: skip
        with steer(classifier.module, {tap: replacements[start]}):
            change = end - classifier.score(x, 8).item()
    settled = {"tap": tap, "steps": 100, "start": start}
    values, gap = method("layer-integrated-gradients").compute(classifier, x, 8, silent, **settled)
    assert gap * abs(change) < 0.01 * max(abs(change), 1)
    if slug != "transformer":  # there the class token's own share is not on the grid
        assert values.sum().item() == pytest.approx(change, abs=0.01 * max(abs(change), 1))


@pytest.mark.parametrize("family", ["swin", "maxvit"])
def test_windows_are_laid_back(family: str, picture: Picture) -> None:
    module, size = small(family)
    classifier = double(core.adopt(module, ModelCard("made/windows", "", "plain", CLASSES, size=size), "cpu"))
    x = classifier.prepare(picture).double()
    tap = [name for name, one in classifier.taps.items() if one.kind == Kind.WINDOWED][1]
    start = x.clone().requires_grad_()
    with listen() as records:
        score = classifier.score(start, 3)
    record = records[classifier.taps[tap]]
    slope = torch.autograd.grad(score, record.weights)[0][0].numpy()
    product, grid = record.weights[0].detach().numpy() * slope, np.zeros(record.grid)
    for window, places in enumerate(record.cells.tolist()):
        for token, place in enumerate(places):
            if place >= 0:
                grid[divmod(place, record.grid[1])] += product[window, :, :, token].sum()
    found = compute(classifier, "layer-gradient-x-activation", x, 3, tap=tap)
    np.testing.assert_allclose(found, grid, rtol=1e-8, atol=1e-12)
    assert method("rollout") not in methods(classifier)


def test_a_film_is_added_up_glimpse_by_glimpse(tiny: Callable[[str], Classifier], picture: Picture) -> None:
    classifier = double(tiny("recurrent"))
    x = classifier.prepare(picture).double()
    film, step, expected = weights_of(classifier, x, "pool")[0], 1e-6, np.zeros((4, 4))
    for glimpse in range(4):
        for row in range(4):
            for column in range(4):
                scores = []
                for sign in (1, -1):

                    def move(_: object, own: Tensor, at=(glimpse, row, column), by=sign * step) -> Tensor:
                        own = own.clone()
                        if own.shape[1] == at[0] + 1:  # this glimpse only; those after it follow suit
                            own[0, at[0], at[1], at[2]] += by
                        return own

                    with torch.no_grad(), steer(classifier.module, {"pool": move}):
                        scores.append(classifier.score(x, 1).item())
                expected[row, column] += film[glimpse, row, column].item() * (scores[0] - scores[1]) / 2 / step
    found = compute(classifier, "layer-gradient-x-activation", x, 1)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-7)
