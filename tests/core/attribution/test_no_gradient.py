"""Models that no gradient leads through: what needs one is refused with the reason, and everything else works."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

import core
from core.attribution import METHODS, complete_methods, methods
from core.attribution.differentiable import differentiable
from core.classifier import Classifier
from core.types import InvalidInput, ModelCard, Picture
from tests.conftest import CLASSES, redraw

SAME = nn.Identity()


class Broken(nn.Module):
    """A small model with something on the way: before its body, behind it, or behind its logits."""

    def __init__(self, before: Callable = SAME, between: Callable = SAME, after: Callable = SAME):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1), nn.ReLU(), nn.Conv2d(8, 16, 3, 2, 1), nn.ReLU())
        self.pool, self.head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()), nn.Linear(16, 3)
        self.way = before, between, after

    def forward(self, x: Tensor) -> Tensor:
        before, between, after = self.way
        return after(self.head(self.pool(between(self.body(before(x))))))


class NoGrad(Broken):
    """Its body runs without a graph, as that of a linear probe does."""

    def forward(self, x: Tensor) -> Tensor:
        with torch.no_grad():
            y = self.body(x)
        return self.head(self.pool(y))


def through_numpy(x: Tensor) -> Tensor:
    return torch.from_numpy(x.numpy().copy())


WAYS = {
    "no_grad": NoGrad,
    "detached": lambda: Broken(between=lambda y: y.detach()),
    "data": lambda: Broken(before=lambda x: x.data),
    "numpy": lambda: Broken(between=through_numpy),
    "numpy of a detached one": lambda: Broken(before=lambda x: through_numpy(x.detach())),
    "rounded pixels": lambda: Broken(before=lambda x: (8 * x).round() / 8),
    "rounded features": lambda: Broken(between=lambda y: (8 * y).floor() / 8),
    "rounded logits": lambda: Broken(after=lambda y: (64 * y).round() / 64),
    "compared": lambda: Broken(before=lambda x: (x > 0).float()),
    "whole numbers": lambda: Broken(before=lambda x: (16 * x).int().float()),
}


def adopted(way: Callable[[], nn.Module]) -> Classifier:
    card = ModelCard("own/way", "", "plain", CLASSES[:3], size=64)
    return core.adopt(redraw(way(), seed=2), card, "cpu")


@pytest.mark.parametrize("name", WAYS)
def test_what_needs_a_gradient_is_refused_and_the_rest_works(name: str, picture: Picture) -> None:
    classifier = adopted(WAYS[name])
    assert not differentiable(classifier)
    offered = methods(classifier)
    assert {one.slug for one in offered} == {"occlusion", "feature-ablation", "kernel-shap", "lime"}
    for one in METHODS:
        if one.gradient:
            with pytest.raises(InvalidInput, match="needs gradients, but none can be computed through own/way"):
                core.attribute(classifier, picture, one.slug)
    found = core.attribute(classifier, picture, "occlusion", stride=16, window=16)
    panel, reading = core.panel(classifier, picture), core.read(classifier, picture)
    assert found.values.std() > 0 and not panel.attributions and not panel.stages
    assert panel.target == reading.predicted and np.array_equal(panel.reading.logits, reading.logits)
    assert complete_methods(classifier) == {"deeplift": None, "lrp": None}
    checks = {one.slug: one for one in core.check(classifier, picture, found, stride=16, window=16)}
    assert checks["blob"].passed is not None and checks["complete"].passed is None
    assert len(core.panels(classifier, picture, top=2)) == 2


@pytest.mark.parametrize("name", ["no_grad", "detached", "rounded pixels"])
def test_a_scan_has_no_agreement(name: str, tmp_path: Path) -> None:
    for one in CLASSES[:3]:
        (tmp_path / "data" / one).mkdir(parents=True)
        pixels = np.random.default_rng(len(one)).integers(0, 256, (64, 64, 3), np.uint8)
        Image.fromarray(pixels).save(tmp_path / "data" / one / "0.png")
    run = core.scan(adopted(WAYS[name]), tmp_path / "data", out=tmp_path / "run")
    assert len(run) == 3


@pytest.mark.parametrize(
    "way",
    [
        Broken,
        lambda: Broken(after=lambda y: y.softmax(1)),  # its gradients cancel out over the classes
        lambda: Broken(after=lambda y: 0 * y),  # it says the same of every picture
        lambda: Broken(before=lambda x: x + ((8 * x).round() / 8 - x).detach()),  # a straight-through estimator
    ],
)
def test_where_a_gradient_leads_through_it_is_taken(way: Callable, picture: Picture) -> None:
    card = ModelCard("own/way", "", "plain", CLASSES[:3], size=64)
    classifier = Classifier(card, redraw(way(), seed=2).eval().requires_grad_(False), torch.device("cpu"))
    assert differentiable(classifier) and core.panel(classifier, picture).attributions
