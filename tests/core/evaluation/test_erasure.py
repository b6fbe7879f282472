"""Erasing: which cells go, and what comes in their place, against loops, scipy and axioms."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

import core
from core.evaluation.erasure import fill_in, rank, reach
from core.images import square
from core.types import Attribution, InvalidInput, Picture
from tests.conftest import SIZE

CELL = SIZE // 16


@pytest.fixture
def values() -> np.ndarray:
    """A signed map (16, 16) without ties."""
    return np.random.default_rng(8).permutation(256).reshape(16, 16).astype(np.float32) - 100


def gone(classifier: core.Classifier, picture: Picture, erased: Picture) -> np.ndarray:
    """Which cells (16, 16) differ from the picture; each does as a whole or not at all."""
    before = square(picture, SIZE, classifier.fill).astype(int)
    changed = (erased.pixels != before).any(2).reshape(16, CELL, 16, CELL).swapaxes(1, 2).reshape(16, 16, -1)
    assert erased.pixels.shape == before.shape and erased.box == (0, 0, SIZE, SIZE)
    assert (changed.mean(2) > 0.9).sum() == (changed.mean(2) > 0).sum()  # a pixel may have been gray by chance
    return changed.any(2)


@pytest.mark.parametrize("share", [0.1, 0.25, 0.5])
def test_the_largest_the_smallest_and_as_many_at_random_are_erased(
    tiny: Callable, picture: Picture, values: np.ndarray, share: float
) -> None:
    classifier, count = tiny("plain"), round(share * 256)
    most, least, one, two = (
        gone(classifier, picture, core.erase(classifier, picture, values, share, which=which, seed=seed))
        for which, seed in (("most", 0), ("least", 0), ("random", 1), ("random", 2))
    )
    assert np.array_equal(most, values >= 156 - count) and np.array_equal(least, values < count - 100)
    assert one.sum() == two.sum() == count and not np.array_equal(one, two)
    again = core.erase(classifier, picture, values, share, which="random", seed=1)
    assert np.array_equal(gone(classifier, picture, again), one)


def test_what_comes_in_their_place(tiny: Callable, picture: Picture, values: np.ndarray) -> None:
    classifier = tiny("plain")
    pixels = square(picture, SIZE, classifier.fill).astype(float)
    cells = np.kron(values >= 106, np.ones((CELL, CELL), bool))
    gray, blur, surroundings = (
        core.erase(classifier, picture, values, 50 / 256, fill=fill).pixels for fill in ("gray", "blur", "surroundings")
    )
    assert (gray[cells] == classifier.fill).all()
    smooth = gaussian_filter(pixels, (SIZE / 16, SIZE / 16, 0), mode="mirror", truncate=3)
    np.testing.assert_allclose(blur[cells], smooth[cells], atol=1)
    assert np.array_equal(surroundings, fill_in(pixels.astype(np.uint8), cells))
    for one in (gray, blur, surroundings):
        assert np.array_equal(one[~cells], pixels[~cells])


def test_nothing_erased_is_the_same_reading_and_everything_is_the_baselines(
    tiny: Callable, picture: Picture, values: np.ndarray
) -> None:
    classifier = tiny("cbam")
    for fill in ("gray", "blur", "surroundings"):
        nothing = core.erase(classifier, picture, values, 0, fill=fill)
        assert np.array_equal(core.read(classifier, nothing).logits, core.read(classifier, picture).logits)
    everything = core.erase(classifier, picture, values, 1, fill="surroundings")
    assert (everything.pixels == classifier.fill).all()
    with torch.no_grad():
        expected = classifier.module(torch.zeros(1, 3, SIZE, SIZE)).softmax(1)[0]
    np.testing.assert_allclose(core.read(classifier, everything).probabilities, expected, atol=0.02)  # gray is rounded


def test_a_fine_map_counts_by_its_mean_in_a_cell_and_a_coarse_one_is_interpolated() -> None:
    fine = np.random.default_rng(9).normal(size=(64, 64))
    means = [fine[row : row + 4, column : column + 4].mean() for row in range(0, 64, 4) for column in range(0, 64, 4)]
    assert list(rank(fine, 16)) == sorted(range(256), key=lambda place: -means[place])
    coarse = np.zeros((4, 4))
    coarse[1, 2] = 1  # its center lies between four cells: they come first, then those around them
    order = rank(coarse, 8)
    assert set(order[:4]) == {8 * row + column for row in (2, 3) for column in (4, 5)}
    assert set(order[:16]) == {8 * row + column for row in (1, 2, 3, 4) for column in (3, 4, 5, 6)}


def test_ties_follow_in_an_order_of_the_seeds_choice() -> None:
    ties = np.repeat([1.0, 0.0], 32).reshape(8, 8)
    orders = [rank(ties, 8, seed) for seed in (0, 0, 1)]
    assert np.array_equal(*orders[:2]) and not np.array_equal(*orders[1:])
    for order in orders:
        assert set(order[:32]) == set(range(32)) and sorted(order) == list(range(64))
        assert not np.array_equal(order[:32], np.arange(32))


@pytest.mark.parametrize(("side", "size"), [(4, 12), (16, 26), (3, 7)])
def test_each_pixel_lies_in_the_cell_of_its_center(side: int, size: int) -> None:
    order = np.random.default_rng(1).permutation(side * side)
    found = reach(order, side, side, size)
    for row, column in np.ndindex(size, size):
        cell = int((row + 0.5) / size * side) * side + int((column + 0.5) / size * side)
        assert found[row, column] == (cell in order[:side])


# Filled from its surroundings


def relax(pixels: np.ndarray, gone: np.ndarray, rounds: int = 3000) -> np.ndarray:
    """Every unknown pixel becomes the weighted mean of its neighbors, again and again."""
    height, width = gone.shape
    filled = np.pad(np.dstack([pixels.astype(float), np.ones(gone.shape)]), ((1, 1), (1, 1), (0, 0)))  # a margin of 0
    for _ in range(rounds):
        total = np.zeros((height, width, 4))
        for dy, dx in np.ndindex(3, 3):
            weight = {0: 0, 1: 2, 2: 1}[abs(dy - 1) + abs(dx - 1)]
            total += weight * filled[dy : dy + height, dx : dx + width]
        filled[1:-1, 1:-1][gone] = (total / total[:, :, 3:])[gone]
    return filled[1:-1, 1:-1, :3]


@pytest.mark.parametrize("share", [0.1, 0.6])
def test_filling_in_against_patient_relaxation(share: float) -> None:
    draw = np.random.default_rng(4)
    pixels = draw.integers(0, 256, (14, 17, 3)).astype(np.uint8)
    gone = draw.uniform(size=(14, 17)) < share
    gone[3:9, 5:12], gone[:, 0] = True, True  # a hole, and one at the border
    np.testing.assert_allclose(fill_in(pixels, gone), relax(pixels, gone), atol=0.51)


def test_a_hole_in_an_even_slope_leaves_no_trace() -> None:
    down, across = np.mgrid[:20, :30]
    slope = np.stack([40 + 4 * down, 200 - 5 * across, 20 + 3 * down + 4 * across], 2).astype(np.uint8)
    gone = np.zeros((20, 30), bool)
    gone[4:15, 6:25] = True
    damaged = slope.copy()
    damaged[gone] = 0
    assert np.array_equal(fill_in(damaged, gone), slope)
    assert np.array_equal(fill_in(slope, np.zeros_like(gone)), slope)


# Maps that may be given, and mistakes


def test_results_enter_as_they_are(tiny: Callable, picture: Picture, values: np.ndarray) -> None:
    classifier = tiny("spatial-gate")
    one = core.erase(classifier, picture, Attribution(values, values.shape, None))
    assert np.array_equal(one.pixels, core.erase(classifier, picture, values).pixels) and one.name == picture.name
    attention = core.read(classifier, picture).maps[0]
    two = core.erase(classifier, picture, attention)
    assert np.array_equal(two.pixels, core.erase(classifier, picture, attention.weights).pixels)
    assert one.sha256 != two.sha256


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        ("The share to erase must be a number from 0 to 1, not 1.5", {"share": 1.5}),
        ("The share to erase must be a number from 0 to 1, not nan", {"share": float("nan")}),
        ("'white' is not a valid choice. Choose one of: gray, blur, surroundings.", {"fill": "white"}),
        ("'some' is not a valid choice. Choose one of: most, random, least.", {"which": "some"}),
        ("takes a Picture", {"picture": np.zeros((8, 8, 3))}),
        ("shape (h, w) without NaN", {"map_": np.zeros(5)}),
        ("shape (h, w) without NaN", {"map_": np.full((5, 5), np.nan)}),
    ],
)
def test_mistakes(tiny: Callable, picture: Picture, values: np.ndarray, words: str, wrong: dict) -> None:
    with pytest.raises(InvalidInput) as caught:
        core.erase(**{"classifier": tiny("plain"), "picture": picture, "map_": values, **wrong})
    assert words in str(caught.value) and str(caught.value).endswith(".")
