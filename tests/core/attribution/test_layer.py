"""Attribution to a tap: weights laid on the grid by hand, the path by a loop, its sum in windows, and its batches."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

import core
from core.attention.tap import Record, Tap, listen, steer, switched_off, uniform
from core.attribution import batches, method
from core.attribution.batches import Pace
from core.attribution.layer import lay
from core.classifier import Classifier
from core.types import Kind, ModelCard, Picture
from tests.conftest import CLASSES
from tests.core.quick_methods import compute, double, silent
from tests.core.small_models import small

STARTS = {"uniform": uniform, "off": switched_off}


def adopted(family: str) -> Classifier:
    module, size = small(family)
    return double(core.adopt(module, ModelCard(f"made/{family}", "", "plain", CLASSES, size=size), "cpu"))


def numbers(*shape: int) -> Tensor:
    return torch.arange(1.0, 1 + np.prod(shape)).view(shape)


def by_hand(values: np.ndarray, kind: Kind, grid: tuple[int, int], cells: np.ndarray | None) -> np.ndarray:
    """Each weight is put where its key, or its position, lies."""
    found = np.zeros(grid)
    for place in np.ndindex(values.shape):
        if kind in (Kind.SPATIAL, Kind.FEATURE, Kind.SEQUENCE):
            found[place[-2:]] += values[place]
        else:
            first = values.shape[-1] - grid[0] * grid[1]  # of a class token
            cell = place[-1] - first if kind == Kind.PAIRWISE else cells[place[0], place[-1]]
            if cell >= 0:
                found[divmod(cell, grid[1])] += values[place]
    return found


@pytest.mark.parametrize(
    ("kind", "values", "grid", "cells"),
    [
        (Kind.SPATIAL, numbers(2, 3), (2, 3), None),
        (Kind.FEATURE, numbers(4, 2, 3), (2, 3), None),
        (Kind.SEQUENCE, numbers(3, 2, 3), (2, 3), None),
        (Kind.PAIRWISE, numbers(2, 6, 6), (2, 3), None),
        (Kind.PAIRWISE, numbers(2, 7, 7), (2, 3), None),  # a class token first
        (Kind.PAIRWISE, numbers(2, 1, 7), (2, 3), None),  # which alone asks
        (Kind.WINDOWED, numbers(2, 2, 4, 4), (2, 3), torch.tensor([[0, 5, -1, 1], [4, 2, 3, -1]])),
    ],
)
def test_weights_are_laid_where_they_look(
    kind: Kind, values: Tensor, grid: tuple[int, int], cells: Tensor | None
) -> None:
    token = kind == Kind.PAIRWISE and values.shape[-1] == 7
    tap = Tap(kind, softmax=True, off=0.0, prefix=("class",) if token else ())
    record = Record(tap, values[None], grid, cells)
    expected = by_hand(values.numpy(), kind, grid, None if cells is None else cells.numpy())
    assert np.array_equal(lay(values, record), expected) and expected.sum() <= values.sum()


def slope_at(classifier: Classifier, x: Tensor, tap: str, weights: Tensor, target: int) -> np.ndarray:
    """∂F/∂W with the map of one tap put in its place; of a film each glimpse's own."""
    place = weights.clone().requires_grad_()
    with steer(
        classifier.module, {tap: lambda one, own: place[:, : own.shape[1]] if one.kind == "sequence" else place}
    ):
        score = classifier.score(x, target)
    return torch.autograd.grad(score.sum(), place)[0][0].numpy()


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("slug", ["feature-gate", "spatial-gate", "recurrent", "self-attention", "transformer"])
def test_the_path_by_a_loop_and_in_any_batches(
    tiny: Callable[[str], Classifier], picture: Picture, slug: str, start: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    classifier = double(tiny(slug))
    x, tap = classifier.prepare(picture).double(), next(iter(classifier.taps))
    with torch.no_grad(), listen() as records:
        classifier.module(x)
    record = records[classifier.taps[tap]]
    whole, begin = record.weights, STARTS[start](record.tap, record.weights)
    mean = 0.0
    for node, share in zip(*np.polynomial.legendre.leggauss(5), strict=True):
        mean = mean + share / 2 * slope_at(classifier, x, tap, begin + (node + 1) / 2 * (whole - begin), 6)
    expected = by_hand((whole - begin)[0].numpy() * mean, record.tap.kind, record.grid, None)
    for size in (1, 2, 16):
        monkeypatch.setitem(batches._paces, classifier, {True: Pace(size, 1e-3)})
        found = compute(classifier, "layer-integrated-gradients", x, 6, tap=tap, start=start, steps=5)
        np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-11 * np.abs(expected).max())


@pytest.mark.parametrize("family", ["swin", "maxvit", "vit"])
@pytest.mark.parametrize("start", STARTS)
def test_in_torchvisions_models_it_adds_up_to_the_effect_of_the_attention(
    family: str, start: str, picture: Picture
) -> None:
    classifier = adopted(family)
    x = classifier.prepare(picture).double()
    tap = next(name for name, one in classifier.taps.items() if one.kind in (Kind.WINDOWED, Kind.PAIRWISE))
    with torch.no_grad():
        whole = classifier.score(x, 3).item()
        with steer(classifier.module, {tap: STARTS[start]}), listen() as records:
            change = whole - classifier.score(x, 3).item()
    record = records[classifier.taps[tap]]
    settled = {"tap": tap, "steps": 20, "start": start}
    values, gap = method("layer-integrated-gradients").compute(classifier, x, 3, silent, **settled)
    assert gap < 0.02 and abs(change) > 0.01
    if family == "maxvit":  # without padding and class token everything has its place
        assert values.sum().item() == pytest.approx(change, abs=0.02 * max(abs(change), 1))
    assert tuple(values.shape) == record.grid and values.std() > 0
