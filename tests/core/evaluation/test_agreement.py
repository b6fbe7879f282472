"""How similar two maps are, against scipy, explicit loops and axioms; and how attention becomes one map."""

from __future__ import annotations

from math import lcm

import numpy as np
import pytest
from scipy.stats import spearmanr

from core.evaluation.agreement import agreement, rank_correlations
from core.evaluation.grids import pool
from core.types import Agreement, AttentionMap, Attribution, InvalidInput, Kind, Measure

NAMES = ("rank_correlation", "top_overlap", "overlap")


def made(seed: int, shape: tuple[int, int] = (10, 12), levels: int | None = None) -> np.ndarray:
    """A signed map with a heavy tail; with few ``levels`` it is full of ties."""
    values = np.random.default_rng(seed).standard_t(2, size=shape)
    return values.astype(np.float32) if levels is None else np.rint(values).clip(-levels, levels).astype(np.float32)


def measures(found: Agreement, field: str = "value") -> np.ndarray:
    return np.array([getattr(getattr(found, name), field) for name in NAMES])


# A second derivation, with loops


def slow_members(values: np.ndarray) -> list[float]:
    """How far each cell belongs to the top fifth: groups of ties are let in together until the places run out."""
    left, members = 0.2 * len(values), [0.0] * len(values)
    for level in sorted(set(values), reverse=True):
        ties = [i for i, value in enumerate(values) if value == level]
        for i in ties:
            members[i] = min(1.0, max(0.0, left / len(ties)))
        left -= len(ties)
    return members


def slow_measures(a: np.ndarray, b: np.ndarray) -> list[float]:
    """The three measures of two maps of one shape."""
    x, y = [abs(float(value)) for value in a.ravel()], [abs(float(value)) for value in b.ravel()]
    constant = len(set(x)) == 1 or len(set(y)) == 1
    p, q = slow_members(x), slow_members(y)
    both, either = (sum(map(extreme, p, q)) for extreme in (min, max))
    shares = [[value / sum(map) for value in map] if sum(map) else map for map in (x, y)]
    return [0.0 if constant else float(spearmanr(x, y).statistic), both / either, sum(map(min, *shares))]


PAIRS = {
    "without ties": (made(1), made(2)),
    "ties": (made(3, levels=2), made(4, levels=3)),
    "mostly zero": (np.maximum(made(5) - 2, 0), made(6)),
    "one cell": (np.eye(1, 120).reshape(10, 12), made(7)),
    "alike": (made(8), made(8) + 0.5 * made(9)),
    "five by five": (made(10, (5, 5)), made(11, (5, 5))),
    "odd": (made(12, (7, 3)), made(13, (7, 3), levels=1)),
    "huge range": (np.exp(20 * made(14).clip(-1, 1)), np.exp(-20 * made(15).clip(-1, 1))),
    "constant": (np.full((6, 6), 0.1), made(16, (6, 6))),
    "zeros": (np.zeros((6, 6)), made(17, (6, 6))),
}


@pytest.mark.parametrize("name", PAIRS)
def test_values_against_loops(name: str) -> None:
    a, b = PAIRS[name]
    np.testing.assert_allclose(measures(agreement(a, b)), slow_measures(a, b), atol=1e-9)


@pytest.mark.parametrize("name", PAIRS)
def test_the_blob_guesses_the_second_map(name: str) -> None:
    a, b = PAIRS[name]
    h, w = a.shape
    guess = np.empty((h, w), np.float32)
    for row in range(h):
        for column in range(w):
            down, across = (row + 0.5 - h / 2) / (h / 4), (column + 0.5 - w / 2) / (w / 4)
            guess[row, column] = np.exp(-(down**2 + across**2) / 2)
    np.testing.assert_allclose(measures(agreement(a, b), "blob"), slow_measures(guess, b), atol=1e-6)
    np.testing.assert_allclose(measures(agreement(guess, guess), "blob"), 1, atol=1e-6)


def test_the_rank_correlations_of_many_pictures_are_those_of_each() -> None:
    a, b = np.stack([made(seed, (9, 7), levels=2) for seed in range(6)]), np.stack([made(seed) for seed in range(6)])
    a[0] = 1  # a map that ranks nothing
    expected = [agreement(*pair).rank_correlation.value for pair in zip(a, b, strict=True)]
    np.testing.assert_allclose(rank_correlations(a, b), expected, atol=1e-12)
    assert expected[0] == 0 and min(map(abs, expected[1:])) > 0


@pytest.mark.parametrize(("fine", "grid"), [((12, 12), (8, 8)), ((13, 9), (5, 9)), ((16, 8), (8, 4)), ((9, 9), (1, 1))])
def test_pooling_by_area(fine: tuple[int, int], grid: tuple[int, int]) -> None:
    values = np.abs(made(18, fine))
    high, wide = lcm(fine[0], grid[0]), lcm(fine[1], grid[1])  # a grid so fine that both fit into it
    dense = values.repeat(high // fine[0], 0).repeat(wide // fine[1], 1)
    expected = dense.reshape(grid[0], high // grid[0], grid[1], wide // grid[1]).mean((1, 3))
    np.testing.assert_allclose(pool(values, grid), expected, rtol=1e-6)
    assert pool(values, grid).mean() == pytest.approx(values.mean(), rel=1e-6)
    assert len(np.unique(pool(np.full(fine, 0.1, np.float32), grid))) == 1  # no ranks out of rounding


def test_maps_of_different_grids_meet_on_the_coarser() -> None:
    fine, coarse = made(19, (30, 20)), made(20, (8, 8))
    found = agreement(fine, coarse)
    assert found.grid == agreement(coarse, fine).grid == (8, 8)
    pooled = pool(np.abs(fine), (8, 8))
    np.testing.assert_allclose(measures(found), slow_measures(pooled, coarse), atol=1e-9)
    assert agreement(made(21, (4, 9)), made(22, (8, 3))).grid == (4, 3)


# Axioms


@pytest.mark.parametrize("shape", [(8, 8), (16, 16), (7, 5), (1, 9), (33, 2)])
def test_a_map_agrees_with_itself_whatever_its_sign_and_scale(shape: tuple[int, int]) -> None:
    a = made(23, shape)
    for other in (a, -a, 1000 * a):
        np.testing.assert_allclose(measures(agreement(a, other)), 1, atol=1e-6)


def test_the_order_of_the_two_does_not_matter() -> None:
    for a, b in (*PAIRS.values(), (made(24, (30, 20)), made(25, (8, 8)))):
        one, two = agreement(a, b), agreement(b, a)
        np.testing.assert_allclose(measures(one), measures(two), atol=1e-12)


def test_one_shift_of_both_and_one_order_of_cells_change_nothing() -> None:
    a, b = PAIRS["ties"]
    expected = measures(agreement(a, b))
    np.testing.assert_allclose(measures(agreement(np.roll(a, 3, 1), np.roll(b, 3, 1))), expected, atol=1e-12)
    order = np.random.default_rng(0).permutation(a.size)
    mixed = [map.ravel()[order].reshape(a.shape) for map in (a, b)]
    np.testing.assert_allclose(measures(agreement(*mixed)), expected, atol=1e-12)


def test_maps_that_have_nothing_in_common() -> None:
    left, right = np.zeros((10, 10)), np.zeros((10, 10))
    left[:, :2], right[:, 8:] = 1, 1
    found = agreement(left, right)
    assert found.top_overlap.value == found.overlap.value == 0 and found.rank_correlation.value < 0


def test_constant_maps_give_numbers() -> None:
    constant, zeros, other = np.full((10, 10), 3.0), np.zeros((10, 10)), made(26, (10, 10))
    for a, b, expected in (
        (constant, other, (0, 1 / 9, None)),
        (constant, constant, (0, 1, 1)),
        (zeros, other, (0, 1 / 9, 0)),
        (zeros, zeros, (0, 1, 0)),
    ):
        found = agreement(a, b)
        assert found.flat and np.isfinite([(one.value, one.blob) for one in found.measures]).all()
        for measure, value in zip(found.measures, expected, strict=True):
            assert value is None or measure.value == pytest.approx(value)
            assert measure.low is measure.high is measure.standing is measure.related is None
    assert agreement(np.ones((1, 1)), np.ones((1, 1))).top_overlap.value == 1


def test_results_are_plain_numbers_and_repeat() -> None:
    a, b = PAIRS["alike"]
    found = agreement(a, b)
    assert found == agreement(a.copy(), b.copy()) and isinstance(found.top_overlap, Measure)
    for measure in found.measures:
        assert type(measure.value) is type(measure.blob) is float and measure.value <= 1
        assert measure.low is measure.high is None and not found.flat  # arrays know no model, so no other pictures


# What may be compared


def test_results_enter_as_they_are() -> None:
    a, b = made(27, (8, 8)), made(28, (16, 16))
    attention = AttentionMap("stage4.attention", Kind.SPATIAL, a, (8, 8))
    attribution = Attribution(b, (16, 16), None, "saliency", 0)
    assert agreement(attention, attribution) == agreement(a, b)


@pytest.mark.parametrize(
    "wrong",
    [
        *(np.ones(5), np.ones((2, 5, 5)), np.full((5, 5), np.nan), np.full((5, 5), np.inf), np.ones((0, 5))),
        *("a", [[1.0, 2.0], [3.0]], None, {"values": 1}),
        AttentionMap("stage4.attention.channel", Kind.CHANNEL, np.ones(8, np.float32), (8, 8)),
    ],
)
def test_what_cannot_be_compared_is_refused(wrong: object) -> None:
    for pair in ((wrong, np.ones((5, 5))), (np.ones((5, 5)), wrong)):
        with pytest.raises(InvalidInput):
            agreement(*pair)
