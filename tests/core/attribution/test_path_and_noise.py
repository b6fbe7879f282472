"""VarGrad and GradientSHAP: a loop over the same draws, a straight line in closed form, and the promised sum."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from core.attribution import batches, method
from core.attribution.baseline import absent
from core.attribution.batches import Pace
from core.classifier import Classifier
from core.types import Picture
from tests.core.quick_methods import compute, double, gradient, silent

NAMES = ("mean-color", "black", "white", "blurred")


def test_vargrad_by_a_loop(classifier: Classifier, picture: Picture, monkeypatch: pytest.MonkeyPatch) -> None:
    exact = double(classifier)
    x = exact.prepare(picture).double()
    generator = torch.Generator().manual_seed(9)
    spread = 0.2 * (x.max() - x.min())
    slopes = [
        gradient(exact, x + spread * torch.randn(3, 64, 64, generator=generator).double(), 5).numpy() for _ in range(7)
    ]
    for size in (1, 3, 16):  # the draws do not depend on the batches
        monkeypatch.setitem(batches._paces, exact, {True: Pace(size, 1e-3)})
        values = compute(exact, "vargrad", x, 5, samples=7, noise=0.2, seed=9)
        np.testing.assert_allclose(values, np.var(slopes, axis=0).max(0), rtol=1e-8, atol=1e-18)


def test_vargrad_keeps_a_small_variance_next_to_a_large_mean(linear: Classifier, picture: Picture) -> None:
    x = linear.prepare(picture).double()
    assert compute(linear, "vargrad", x, 1).max() == 0  # a straight line has one slope
    steep = Classifier(linear.card, linear.module, linear.device)
    steep.module[1].weight.mul_(1e6)
    assert compute(steep, "vargrad", x, 1).max() == 0


def test_gradient_shap_by_a_loop(classifier: Classifier, picture: Picture, monkeypatch: pytest.MonkeyPatch) -> None:
    exact = double(classifier)
    x = exact.prepare(picture).double()
    generator, spread, total = torch.Generator().manual_seed(4), 0.1 * (x.max() - x.min()), 0.0
    for number in range(12):
        place = torch.rand((), generator=generator).double()
        end = x + spread * torch.randn(3, 64, 64, generator=generator).double()
        begin = absent(exact, x, NAMES[number % 4])
        at = begin + (number // 4 + place) / 3 * (end - begin)
        total = total + (gradient(exact, at, 5) * (end - begin)[0]).sum(0) / 12
    with torch.no_grad():
        ends = [exact.score(one, 5).item() for one in (x, *(absent(exact, x, name) for name in NAMES))]
    change = ends[0] - np.mean(ends[1:])
    for size in (1, 5, 16):
        monkeypatch.setitem(batches._paces, exact, {True: Pace(size, 1e-3)})
        values, gap = method("gradient-shap").compute(exact, x, 5, silent, points=3, noise=0.1, seed=4)
        np.testing.assert_allclose(values, total, rtol=1e-8, atol=1e-10)
        assert gap == pytest.approx(abs(total.sum().item() - change) / abs(change), abs=1e-8)


def test_gradient_shap_of_a_straight_line(linear: Classifier, picture: Picture) -> None:
    x = linear.prepare(picture).double()
    weight = linear.module[1].weight[2].view(3, 32, 32)
    expected = np.mean([(weight * (x - absent(linear, x, name))[0]).sum(0).numpy() for name in NAMES], 0)
    values, gap = method("gradient-shap").compute(linear, x, 2, silent, points=2, noise=0.0, seed=0)
    np.testing.assert_allclose(values, expected, rtol=1e-9, atol=1e-12)
    assert gap < 1e-9


def test_gradient_shap_is_complete_on_average(bent: Classifier, picture: Picture) -> None:
    x = bent.prepare(picture).double()
    few, many = (
        max(method("gradient-shap").compute(bent, x, 2, silent, points=n, noise=0.0, seed=seed)[1] for seed in range(4))
        for n in (2, 100)
    )
    starts = torch.cat([absent(bent, x, name) for name in NAMES])
    change = abs((bent.score(x, 2) - bent.score(starts, 2).mean()).item())
    assert many * change < 0.01 * max(1, change) < few * change
