"""Superpixels: how they are cut, and Shapley values, LIME's line and feature ablation by brute force."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations, product
from math import comb

import numpy as np
import pytest
import torch
from torch import Tensor

import core
from core.attribution import attribute, batches, method
from core.attribution.baseline import absent
from core.attribution.batches import Pace
from core.attribution.superpixels import coalitions, coefficients, cut, shapley, spread
from core.classifier import Classifier
from core.types import Picture
from tests.core.quick_methods import compute, double, silent

SLUGS = ("feature-ablation", "kernel-shap", "lime")


def test_cut_follows_the_borders_of_the_picture(tiny: Callable[[str], Classifier]) -> None:
    classifier = tiny("plain")
    halves = np.zeros((64, 64, 3), np.float32)
    halves[:, 29:] = 0.9  # no line of a grid
    x = classifier.prepare(core.open_image(halves, name="halves"))
    for wanted in (10, 50):
        labels = cut(classifier, x, wanted)
        assert labels.shape == (64, 64) and labels.unique().tolist() == list(range(int(labels.max()) + 1))
        assert not set(labels[:, :29].unique().tolist()) & set(labels[:, 29:].unique().tolist())
        assert wanted / 2 <= labels.max() + 1 <= wanted * 1.2
        assert torch.equal(labels, cut(double(classifier), x.double(), wanted))


def test_spread_keeps_the_sum() -> None:
    labels = torch.tensor([[0, 0, 1], [0, 2, 2]])
    shares = torch.tensor([3.0, -1.0, 4.0], dtype=torch.float64)
    assert spread(shares, labels).tolist() == [[1, 1, -1], [1, 2, 2]]


@pytest.mark.parametrize("slug", SLUGS)
@pytest.mark.parametrize("baseline", ["mean-color", "white"])
def test_a_straight_line_is_found_exactly(linear: Classifier, picture: Picture, slug: str, baseline: str) -> None:
    x = linear.prepare(picture).double()
    change = (linear.module[1].weight[2].view(3, 32, 32) * (x - absent(linear, x, baseline))[0]).sum(0)
    labels = cut(linear, x, 20)
    shares = torch.stack([change[labels == number].sum() for number in range(int(labels.max()) + 1)])
    found = compute(linear, slug, x, 2, segments=20, baseline=baseline)
    np.testing.assert_allclose(found, spread(shares, labels), rtol=1e-7, atol=1e-10)


@pytest.mark.parametrize("slug", ["kernel-shap", "lime"])
@pytest.mark.parametrize("segments", [10, 150])
def test_a_straight_line_is_found_with_the_fewest_samples_too(
    linear: Classifier, picture: Picture, slug: str, segments: int
) -> None:
    x = linear.prepare(picture).double()
    labels = cut(linear, x, segments)
    expected = compute(linear, "feature-ablation", x, 2, segments=segments, baseline="black")  # exact for a line
    found = compute(linear, slug, x, 2, segments=segments, samples=100, baseline="black")
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-9)
    told = method(slug).evaluations(linear, segments=segments, samples=100)
    assert told >= 4 * segments and (segments < 150 or labels.max() > 50)


def everyone(m: int) -> Tensor:
    """Every coalition of m, (2ᵐ, m)."""
    return torch.tensor(list(product([False, True], repeat=m)))


def by_orders(worth: dict[tuple[bool, ...], float], m: int) -> np.ndarray:
    """Shapley values: what each adds when it comes, averaged over all orders."""
    shares, orders = np.zeros(m), list(permutations(range(m)))
    for order in orders:
        there = [False] * m
        for one in order:
            before = worth[tuple(there)]
            there[one] = True
            shares[one] += (worth[tuple(there)] - before) / len(orders)
    return shares


def test_shapley_values_of_any_game() -> None:
    m, chance = 5, np.random.default_rng(0)
    all_ = everyone(m)
    worth = {tuple(one): value for one, value in zip(all_.tolist(), chance.normal(size=2**m), strict=True)}
    sizes = all_.sum(1)
    inner = (sizes > 0) & (sizes < m)
    weights = [(m - 1) / (comb(m, k) * k * (m - k)) for k in sizes[inner].tolist()]
    nothing, whole = worth[(False,) * m], worth[(True,) * m]
    gains = [worth[tuple(one)] - nothing for one in all_[inner].tolist()]
    numbers = (torch.tensor(one, dtype=torch.float64) for one in (gains, whole - nothing, weights))
    found = shapley(all_[inner], *numbers)
    np.testing.assert_allclose(found, by_orders(worth, m), rtol=1e-9, atol=1e-12)
    assert found.sum().item() == pytest.approx(whole - nothing)


def test_coalitions_are_drawn_by_the_kernel_and_come_in_pairs() -> None:
    m, samples = 6, 20000
    drawn = coalitions(m, samples, torch.Generator().manual_seed(3))
    assert drawn.shape == (samples, m) and torch.equal(drawn[1::2], ~drawn[::2])
    assert torch.equal(drawn, coalitions(m, samples, torch.Generator().manual_seed(3)))
    sizes = drawn.sum(1).bincount(minlength=m + 1).numpy() / samples
    expected = np.array([0, *(1 / (k * (m - k)) for k in range(1, m)), 0])
    np.testing.assert_allclose(sizes, expected / expected.sum(), atol=0.01)
    np.testing.assert_allclose(drawn.double().mean(0), 0.5, atol=1e-12)
    assert len(coalitions(m, 7, torch.Generator())) == 7


def test_kernel_shap_comes_near_to_all_orders(bent: Classifier, picture: Picture) -> None:
    exact = bent
    x = exact.prepare(picture).double()
    labels, b = cut(exact, x, 10), absent(exact, x, "mean-color")
    m = int(labels.max()) + 1
    assert 4 <= m <= 10
    all_, worth = everyone(m), {}
    with torch.no_grad():
        for part in all_.split(64):
            scores = exact.score(torch.where(part[:, labels][:, None], x, b), 2)
            worth |= {tuple(one): score for one, score in zip(part.tolist(), scores.tolist(), strict=True)}
    weight = {k: 1 / (m * comb(m - 1, k)) for k in range(m)}  # of a coalition of k that one joins
    shares = np.zeros(m)
    for there in worth:
        for one in range(m):
            if not there[one]:
                joined = (*there[:one], True, *there[one + 1 :])
                shares[one] += weight[sum(there)] * (worth[joined] - worth[there])
    values, gap = method("kernel-shap").compute(
        exact, x, 2, silent, segments=10, samples=4000, baseline="mean-color", seed=0
    )
    found = np.array([values[labels == number].sum().item() for number in range(m)])
    assert np.abs(found - shares).max() < 0.03 * np.abs(shares).max() and gap < 1e-9
    assert found.sum() == pytest.approx(worth[(True,) * m] - worth[(False,) * m])


def test_limes_kernel_is_the_papers_and_its_authors_code_has_a_wider_one() -> None:
    """Ribeiro et al. weigh by exp(−d² / σ²) in the paper, by its root in the code: that at σ / √2 is ours at σ."""
    generator = torch.Generator().manual_seed(3)
    present = torch.rand(60, 6, generator=generator) < 0.5
    present[0] = True
    scores = torch.rand(60, generator=generator).double()
    there = present.double().numpy()
    lengths = np.linalg.norm(there, axis=1) * np.sqrt(6)
    distances = 1 - np.divide(there.sum(1), lengths, out=np.zeros(60), where=lengths > 0)  # cosine, to the whole
    for width, kernel in ((0.25, lambda d, s: np.exp(-(d**2) / s**2)),
                          (0.25 / np.sqrt(2), lambda d, s: np.sqrt(np.exp(-(d**2) / s**2)))):  # fmt: skip
        weights = kernel(distances, width)
        line = np.column_stack((np.ones(60), there))
        expected = np.linalg.solve(line.T @ (weights[:, None] * line), line.T @ (weights * scores.numpy()))[1:]
        np.testing.assert_allclose(coefficients(present, scores), expected, rtol=1e-6, atol=1e-9)


def test_limes_line_by_the_normal_equations() -> None:
    chance = np.random.default_rng(1)
    present, scores = chance.random((60, 7)) < 0.5, chance.normal(size=60)
    line = np.column_stack((np.ones(60), present))
    distance = 1 - np.array(
        [(one @ np.ones(7)) / (np.linalg.norm(one) * 7**0.5) if one.any() else 0 for one in present]
    )
    weights = np.diag(np.exp(-(distance**2) / 0.25**2))
    expected = np.linalg.solve(line.T @ weights @ line, line.T @ weights @ scores)[1:]
    np.testing.assert_allclose(coefficients(torch.from_numpy(present), torch.from_numpy(scores)), expected, rtol=1e-8)


def test_feature_ablation_by_a_loop(tiny: Callable[[str], Classifier], picture: Picture) -> None:
    exact = double(tiny("self-attention"))
    x = exact.prepare(picture).double()
    labels, b = cut(exact, x, 30), absent(exact, x, "black")
    falls = []
    for number in range(int(labels.max()) + 1):
        gone = torch.where(labels == number, b, x)
        with torch.no_grad():
            falls.append((exact.score(x, 1) - exact.score(gone, 1)).item())
    expected = spread(torch.tensor(falls, dtype=torch.float64), labels)
    found = compute(exact, "feature-ablation", x, 1, segments=30, baseline="black")
    np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-12)


@pytest.mark.parametrize("slug", SLUGS)
def test_a_picture_of_one_color_has_shares_too(tiny: Callable[[str], Classifier], slug: str) -> None:
    gray = core.open_image(np.full((64, 64, 3), 0.3, np.float32), name="gray")
    found = attribute(tiny("plain"), gray, slug, 1, segments=10)
    assert np.isfinite(found.values).all() and found.values.any()


@pytest.mark.parametrize("slug", ["kernel-shap", "lime"])
def test_batches_and_seeds(
    tiny: Callable[[str], Classifier], picture: Picture, slug: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    exact = double(tiny("plain"))
    x, found = exact.prepare(picture).double(), []
    for size in (1, 7):
        monkeypatch.setitem(batches._paces, exact, {False: Pace(size, 1e-3)})
        found.append(compute(exact, slug, x, 2, segments=10, samples=100))
    np.testing.assert_allclose(found[0], found[1], rtol=1e-8, atol=1e-14)
    assert not np.allclose(found[0], compute(exact, slug, x, 2, segments=10, samples=100, seed=1), rtol=1e-3)
