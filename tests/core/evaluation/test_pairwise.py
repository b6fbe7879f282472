"""The agreement of all pairs of maps, against the agreement of two maps, scipy and loops over cells."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import spearmanr

from core.evaluation.agreement import agreement
from core.evaluation.pairwise import agreement_matrix, mean_agreement
from core.types import InvalidInput

SHAPES = ((8, 8), (16, 16), (12, 10), (128, 128), (7, 7))


def made(seed: int, shape: tuple[int, int]) -> np.ndarray:
    """A signed map."""
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def slow_mean(values: np.ndarray, top: float, bottom: float, left: float, right: float) -> float:
    """The mean of a map without its sign over a part of it in cells, by loops over all cells."""
    total = 0.0
    for row, column in np.ndindex(values.shape):
        tall = max(0.0, min(bottom, row + 1) - max(top, row))
        wide = max(0.0, min(right, column + 1) - max(left, column))
        total += abs(float(values[row, column])) * tall * wide
    return total / ((bottom - top) * (right - left))


def test_each_pair_is_the_agreement_of_two_maps() -> None:
    maps = [made(seed, shape) for seed, shape in enumerate(SHAPES)]
    found = agreement_matrix(maps)
    for i, j in np.ndindex(found.shape):
        expected = agreement(maps[i], maps[j]).rank_correlation.value if i != j else 1.0
        assert found[i, j] == pytest.approx(expected, abs=1e-9)
    assert np.array_equal(found, found.T) and np.array_equal(np.diag(found), np.ones(len(SHAPES)))


def test_maps_of_one_grid_against_scipy() -> None:
    maps = [made(seed, (9, 11)).round(1) for seed in range(6)]  # with ties
    expected = spearmanr(np.abs(np.reshape(maps, (6, -1))), axis=1).statistic
    assert agreement_matrix(maps) == pytest.approx(expected, abs=1e-9)


def test_a_map_that_is_missing_or_constant_has_no_number() -> None:
    maps = [made(0, (8, 8)), None, np.full((8, 8), 3.0), np.zeros((4, 4)), made(1, (8, 8))]
    found = agreement_matrix(maps)
    assert np.isnan(found[1:4]).all() and np.isnan(found[:, 1:4]).all()
    assert found[0, 0] == found[4, 4] == 1.0 and np.isfinite(found[0, 4])
    assert mean_agreement(found) == found[0, 4]
    assert np.isnan(mean_agreement(agreement_matrix(maps[:2]))) and np.isnan(mean_agreement(agreement_matrix([])))


def test_the_mean_leaves_the_diagonal_out() -> None:
    maps = [made(seed, (8, 8)) for seed in range(4)]
    found = agreement_matrix(maps)
    each = [found[i, j] for i in range(4) for j in range(4) if i < j]
    assert mean_agreement(found) == pytest.approx(sum(each) / 6)


def test_different_squares_are_compared_where_both_are() -> None:
    first, second = made(1, (10, 10)), made(2, (8, 8))
    boxes = [(0.0, 0.0, 100.0, 100.0), (20.0, 30.0, 100.0, 110.0)]
    # In common: columns 2 to 10 and rows 3 to 10 of the first, all columns and rows 0 to 7 of the second. 8 x 7 cells.
    grids = [
        [[slow_mean(first, 3 + r, 4 + r, 2 + c, 3 + c) for c in range(8)] for r in range(7)],
        [[slow_mean(second, r, r + 1, c, c + 1) for c in range(8)] for r in range(7)],
    ]
    expected = spearmanr(*(np.ravel(one) for one in grids)).statistic
    found = agreement_matrix([first, second], boxes)
    assert found[0, 1] == found[1, 0] == pytest.approx(expected, abs=1e-9)
    assert found[0, 1] != pytest.approx(agreement_matrix([first, second])[0, 1])


def test_parts_of_cells_count_by_their_area() -> None:
    first, second = made(3, (6, 6)), made(4, (6, 6))
    boxes = [(0.0, 0.0, 60.0, 60.0), (15.0, 15.0, 75.0, 75.0)]  # in common: 4.5 of 6 cells a side, on 4 x 4
    step = 4.5 / 4
    spans = [(1.5 + step * one, 1.5 + step * (one + 1)) for one in range(4)]
    grids = [
        [[slow_mean(first, *down, *across) for across in spans] for down in spans],
        [
            [slow_mean(second, down[0] - 1.5, down[1] - 1.5, across[0] - 1.5, across[1] - 1.5) for across in spans]
            for down in spans
        ],
    ]
    expected = spearmanr(*(np.ravel(one) for one in grids)).statistic
    assert agreement_matrix([first, second], boxes)[0, 1] == pytest.approx(expected, abs=1e-9)


def test_the_same_square_is_not_cut() -> None:
    maps, box = [made(5, (16, 16)), made(6, (8, 8))], (3.0, 0.0, 83.0, 80.0)
    assert np.array_equal(agreement_matrix(maps, [box, box]), agreement_matrix(maps))


@pytest.mark.parametrize(("shift", "known"), [(75.0, True), (88.0, False)])
def test_squares_with_few_cells_in_common_have_no_number(shift: float, known: bool) -> None:
    """Of 8 x 8 cells, first 8 x 2 are common, then 8 x 1."""
    boxes = [(0.0, 0.0, 100.0, 100.0), (shift, 0.0, 100.0 + shift, 100.0)]
    found = agreement_matrix([made(9, (8, 8)), made(10, (8, 8))], boxes)
    assert np.isfinite(found[0, 1]) == known and np.diag(found).tolist() == [1.0, 1.0]


def test_squares_without_a_common_part_have_no_number() -> None:
    found = agreement_matrix([made(7, (8, 8)), made(8, (8, 8))], [(0, 0, 10, 10), (20, 0, 30, 10)])
    assert np.isnan(found[0, 1]) and np.diag(found).tolist() == [1.0, 1.0]


def test_what_is_refused() -> None:
    with pytest.raises(InvalidInput, match="one box for each"):
        agreement_matrix([made(9, (4, 4))], [])
    with pytest.raises(InvalidInput):
        agreement_matrix([np.full((4, 4), np.nan)])
