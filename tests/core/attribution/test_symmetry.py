"""Mirrored pictures: in a model that is the same in the mirror every map is mirrored, and so is every measure."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torchvision.models import VisionTransformer

import core
from core.attention.attention_pooling import AttentionPooling
from core.attention.recurrent import RecurrentAttention
from core.attention.self_attention import SelfAttention
from core.attention.spatial_gate import SpatialGate
from core.attribution import METHODS, superpixels
from core.classifier import Classifier
from core.types import ModelCard, Picture
from tests.conftest import CLASSES, redraw
from tests.core.quick_methods import compute

pytestmark = [
    pytest.mark.filterwarnings("ignore:Setting backward hooks on ReLU"),
]

SIZE, K = 32, 4
DRAWN = ("vargrad", "kernel-shap", "lime")
"""Methods that cannot do without random draws, which are the same in no mirror unless a test holds one to them."""


class Sequence(nn.Module):
    """A mechanism as the pooling of two convolutions."""

    def __init__(self, *layers: nn.Module, pool: nn.Module):
        super().__init__()
        self.layers, self.pool, self.classify = nn.Sequential(*layers), pool, nn.Linear(8, K)

    def forward(self, x: Tensor) -> Tensor:
        y = self.pool(self.layers(x))
        return self.classify(y[:, -1] if y.ndim == 3 else y)


def layers(*between: nn.Module) -> list[nn.Module]:
    """No stride, and pooling that tiles the grid: nothing prefers a side."""
    first, second = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 8, 3, padding=1)
    return [first, nn.ReLU(), nn.AvgPool2d(2), *between, second, nn.ReLU(), nn.AvgPool2d(2)]


def plain() -> nn.Module:
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())


MADE: dict[str, Callable[[], nn.Module]] = {
    "gate": lambda: Sequence(*layers(SpatialGate(8)), pool=AttentionPooling(8)),
    "film": lambda: Sequence(*layers(), pool=RecurrentAttention(8)),
    "pairs": lambda: Sequence(*layers(), SelfAttention(8, 8, SIZE // 4), nn.ReLU(), pool=plain()),
    "tokens": lambda: VisionTransformer(SIZE, 8, 2, 2, 32, 64, num_classes=K),
}


def even(weight: Tensor) -> Tensor:
    """The mean of a weight and its mirror images along its last two axes."""
    weight = weight + weight.flip(-1)
    return (weight + weight.flip(-2)) / 4


@cache
def made(kind: str) -> Classifier:
    """A model with drawn weights that is the same in the mirror, and upside down; in float32."""
    torch.manual_seed(8)
    module = redraw(MADE[kind](), seed=12).requires_grad_(False)
    for child in module.modules():
        if isinstance(child, nn.Conv2d):
            child.weight.copy_(even(child.weight))
        elif isinstance(child, SelfAttention):
            offsets = 2 * child.side - 1
            child.bias.copy_(even(child.bias.view(-1, offsets, offsets)).flatten(1))
        elif isinstance(child, VisionTransformer):
            places = child.encoder.pos_embedding
            side = SIZE // child.patch_size
            places[0, 1:] = even(places[0, 1:].T.reshape(-1, side, side)).flatten(1).T
    return core.adopt(module, ModelCard(f"made/{kind}", kind, "plain", CLASSES[:K], size=SIZE), "cpu")


@cache
def exact(kind: str) -> Classifier:
    one = made(kind)
    return Classifier(one.card, core.adopt(one.module, one.card, "cpu").module.double(), one.device)


@cache
def fitting(kind: str) -> tuple[str, ...]:
    return tuple(one.slug for one in METHODS if one.fits(exact(kind)))


PAIRS = [(kind, one.slug) for kind in MADE for one in METHODS]


@pytest.fixture(scope="module")
def x(picture: Picture) -> Tensor:
    return exact("gate").prepare(picture).double()


def few(slug: str, **more: object) -> dict[str, object]:
    """Windows that lie on their cells, and little else to wait for."""
    return ({"stride": 8, "window": 16} if slug == "occlusion" else {}) | more


@pytest.mark.parametrize(("kind", "slug"), PAIRS)
def test_a_mirrored_picture_has_a_mirrored_map(
    kind: str, slug: str, x: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    if slug not in fitting(kind):
        return
    classifier, cut, randn = exact(kind), superpixels.cut, torch.randn
    labels = cut(classifier, x, 10)
    targets = ((target, compute(classifier, slug, x, target, **few(slug))) for target in range(K))
    target, found = next(one for one in targets if one[1].any())  # Grad-CAM may be blank
    for axis in (-1, -2):
        with monkeypatch.context() as mirror:  # what is drawn, and how the picture is cut, is mirrored too
            mirror.setattr(torch, "randn", lambda *a, axis=axis, **k: randn(*a, **k).flip(axis))
            mirror.setattr(superpixels, "cut", lambda *_, axis=axis: labels.flip(axis))
            mirrored = compute(classifier, slug, x.flip(axis), target, **few(slug))
        scale = np.abs(found).max()
        np.testing.assert_allclose(mirrored, np.flip(found, axis), rtol=0, atol=1e-5 * scale)
        assert np.abs(mirrored - found).max() > 1e-3 * scale


def test_every_method_has_looked_into_the_mirror() -> None:
    assert {slug for kind in MADE for slug in fitting(kind)} == {one.slug for one in METHODS}


@pytest.mark.parametrize(("kind", "slug"), [pair for pair in PAIRS if pair[1] not in DRAWN])
def test_a_symmetric_picture_has_a_symmetric_map(
    kind: str, slug: str, x: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Mirrored at one axis, at both, and of one color, where nothing but the border can make a difference."""
    if slug not in fitting(kind):
        return
    tiles = torch.arange(16).view(4, 4).repeat_interleave(8, 0).repeat_interleave(8, 1)
    monkeypatch.setattr(superpixels, "cut", lambda *_: tiles)
    still = {"noise": 0.0} if slug in ("smoothgrad", "gradient-shap") else {}
    for one, axes in (
        (x + x.flip(-1), (-1,)),
        (x + x.flip(-2), (-2,)),
        (even(4 * x), (-1, -2)),
        (torch.full_like(x, 0.7), (-1, -2)),
    ):
        found = compute(exact(kind), slug, one, 1, **few(slug, **still))
        for axis in axes:
            np.testing.assert_allclose(np.flip(found, axis), found, rtol=0, atol=1e-5 * np.abs(found).max())


# What is done with a map


@pytest.fixture(scope="module")
def pictures() -> tuple[Picture, Picture]:
    """A picture of the model's own size, and its mirror image."""
    pixels = np.random.default_rng(3).integers(0, 256, (8, 8, 3)).repeat(4, 0).repeat(4, 1).astype(np.uint8)
    pixels[::2, ::2] ^= 24
    return core.open_image(pixels), core.open_image(pixels[:, ::-1].copy())


@pytest.fixture(scope="module")
def values() -> np.ndarray:
    """A map without ties."""
    return np.random.default_rng(4).permutation(256).reshape(16, 16) - 100.0


def test_the_panel_and_the_reading(pictures: tuple[Picture, Picture]) -> None:
    one, other = (core.panel(made("gate"), picture, 2) for picture in pictures)
    np.testing.assert_allclose(one.reading.logits, other.reading.logits, rtol=1e-4, atol=1e-5)
    maps = [(one.attributions[slug].values, other.attributions[slug].values) for slug in one.attributions]
    maps += [(one.stages[name].values, other.stages[name].values) for name in one.stages]
    maps += [(a.weights, b.weights) for a, b in zip(one.reading.maps, other.reading.maps, strict=True)]
    for first, second in [*maps, (one.reading.energy, other.reading.energy)]:
        np.testing.assert_allclose(second, np.flip(first, -1), rtol=0, atol=1e-4 * np.abs(first).max() + 1e-9)


@pytest.mark.parametrize("fill", ["gray", "blur", "surroundings"])
def test_erasing(pictures: tuple[Picture, Picture], values: np.ndarray, fill: str) -> None:
    for which in ("most", "least"):
        first, second = (
            core.erase(made("gate"), picture, map_, 0.3, which=which, fill=fill).pixels.astype(int)
            for picture, map_ in zip(pictures, (values, values[:, ::-1]), strict=True)
        )
        assert np.abs(second - first[:, ::-1]).max() <= 1  # a half may be rounded either way
        assert np.abs(second - first).max() > 50


def test_curves_and_places(pictures: tuple[Picture, Picture], values: np.ndarray) -> None:
    one, other = (
        core.faithfulness(made("gate"), picture, map_, 2, steps=8)
        for picture, map_ in zip(pictures, (values, values[:, ::-1]), strict=True)
    )
    for name in ("map", "edges"):  # in a center blob cells tie, and the noise is each picture's own
        first, second = getattr(one, name), getattr(other, name)
        np.testing.assert_allclose(first.deletion, second.deletion, atol=1e-5)
        np.testing.assert_allclose(first.insertion, second.insertion, atol=1e-5)
    mask = values > 80
    assert core.localize(values, mask).mass == pytest.approx(core.localize(values[:, ::-1], mask[:, ::-1]).mass)
    agreed = [core.agreement(values[:, ::way], (values**2)[:, ::way]).rank_correlation.value for way in (1, -1)]
    assert agreed[0] == pytest.approx(agreed[1])


@pytest.mark.parametrize("kind", MADE)
def test_what_each_part_contributes(kind: str, pictures: tuple[Picture, Picture]) -> None:
    one, other = (
        {(part.tap, part.part, part.numbers): part.loss for part in core.ablate(made(kind), picture, 1)}
        for picture in pictures
    )
    assert one == pytest.approx(other, rel=1e-3, abs=1e-4) and any(abs(loss) > 1e-3 for loss in one.values())
