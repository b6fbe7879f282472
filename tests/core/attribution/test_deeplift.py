"""DeepLIFT by a second derivation: every rectifier replaced by the line through its two points."""

from __future__ import annotations

from copy import deepcopy

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from core.attribution import method, methods
from core.attribution.baseline import absent
from core.classifier import Classifier
from core.types import ModelCard, Picture
from tests.conftest import CLASSES, redraw
from tests.core.quick_methods import silent


class Residual(nn.Module):
    """Two convolutions with a shortcut round them, and a class; a rectifier of its own for every use."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.stem_norm, self.stem_relu = nn.Conv2d(3, 6, 3, padding=1), nn.BatchNorm2d(6), nn.ReLU()
        self.first, self.first_norm, self.first_relu = nn.Conv2d(6, 6, 3, padding=1), nn.BatchNorm2d(6), nn.ReLU()
        self.second, self.second_norm, self.last_relu = nn.Conv2d(6, 6, 3, padding=1), nn.BatchNorm2d(6), nn.ReLU()
        self.pool, self.classify = nn.AvgPool2d(4), nn.Linear(96, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem_relu(self.stem_norm(self.stem(x)))
        y = self.second_norm(self.second(self.first_relu(self.first_norm(self.first(x)))))
        return self.classify(self.pool(self.last_relu(y + x)).flatten(1))


class Through(nn.Module):
    """The line through (z_b, relu z_b) and (z, relu z), cell by cell."""

    def __init__(self, z: Tensor, z_b: Tensor):
        super().__init__()
        same = (z - z_b).abs() < 1e-9
        self.slope = torch.where(same, (z > 0).double(), (z.relu() - z_b.relu()) / (z - z_b + same))
        self.offset = z.relu() - self.slope * z

    def forward(self, z: Tensor) -> Tensor:
        return self.slope * z + self.offset


@pytest.fixture(scope="module")
def residual() -> Classifier:
    module = redraw(Residual(), seed=5).double().eval().requires_grad_(False)
    return Classifier(ModelCard("made/residual", "", "plain", CLASSES[:4], size=16), module, torch.device("cpu"))


@pytest.mark.parametrize("baseline", ["mean-color", "white", "blurred"])
@pytest.mark.parametrize("target", [0, (2, 1)])
def test_the_slope_of_the_lines_through_both_pictures(
    residual: Classifier, picture: Picture, baseline: str, target: int | tuple[int, int]
) -> None:
    x = residual.prepare(picture).double()
    b = absent(residual, x, baseline)
    given: dict[str, Tensor] = {}
    rectifiers = [name for name, child in residual.module.named_modules() if isinstance(child, nn.ReLU)]
    handles = [
        residual.module.get_submodule(name).register_forward_hook(
            lambda _, z, __, name=name: given.update({name: z[0]})
        )
        for name in rectifiers
    ]
    residual.module(torch.cat([x, b]))
    for handle in handles:
        handle.remove()
    straight = deepcopy(residual.module)
    for name in rectifiers:
        setattr(straight, name, Through(*given[name].split(1)))
    line = Classifier(residual.card, straight, residual.device)
    for one in (x, b):  # it says the same of both
        np.testing.assert_allclose(line.score(one, target), residual.score(one, target), rtol=1e-9)
    start = x.clone().requires_grad_()
    (slope,) = torch.autograd.grad(line.score(start, target).sum(), start)
    expected = (slope * (x - b))[0].sum(0)
    values, gap = method("deeplift").compute(residual, x, target, silent, baseline=baseline)
    np.testing.assert_allclose(values, expected, rtol=1e-6, atol=1e-8 * expected.abs().max())
    assert gap < 1e-9 and method("deeplift") in methods(residual)
    plain = torch.autograd.grad(residual.score(start, target).sum(), start)[0]
    assert not np.allclose(values, (plain * (x - b))[0].sum(0), rtol=0.01)
