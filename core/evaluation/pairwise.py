"""The agreement of all pairs of several maps: a matrix of rank correlations.

A pair is compared as ``agreement`` compares two maps: without their sign, by area, on the coarser of their grids. Maps
of different squares of one picture are compared on the part of the picture that both squares show.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations

import numpy as np

from core.evaluation.agreement import Map, to_values
from core.evaluation.grids import is_constant, overlaps, pool
from core.evaluation.views import ranks, unit
from core.types import Box, InvalidInput

Region = tuple[float, float, float, float]
"""Left, top, right, bottom of a part of a map, as shares of its sides."""
WHOLE: Region = (0.0, 0.0, 1.0, 1.0)
SAME_EDGE = 1e-6
"""Squares whose edges differ by less than this share of a side are one square."""
LEAST = 16
"""Parts with fewer cells are not compared: with two cells, every correlation is 1 or -1."""


def agreement_matrix(maps: Sequence[Map | None], boxes: Sequence[Box] | None = None) -> np.ndarray:
    """The rank correlation of every pair of maps: (n, n) float64, symmetric, 1 on the diagonal.

    None stands for a map that does not exist. NaN stands for a pair that cannot be compared: one of the maps is
    missing or has the same value everywhere, or their squares have fewer than ``LEAST`` cells in common. ``boxes`` are
    the squares that the maps lie on, in pixels of their common picture; without them, all maps lie on one square.

    Raises:
        InvalidInput: a map that ``agreement`` refuses, or another number of boxes than of maps.
    """
    if boxes is not None and len(boxes) != len(maps):
        raise InvalidInput(
            "Give one box for each of the {maps} maps, not {boxes} boxes.", boxes=len(boxes), maps=len(maps)
        )
    values = {i: np.abs(to_values(one)) for i, one in enumerate(maps) if one is not None}
    order = ordering(values)
    found = np.full((len(maps), len(maps)), np.nan)
    known = [i for i, one in values.items() if order(i, WHOLE, cells(one.shape, WHOLE)) is not None]
    found[known, known] = 1.0
    for i, j in combinations(known, 2):
        parts = (WHOLE, WHOLE) if boxes is None else common(boxes[i], boxes[j])
        if parts is not None:
            found[i, j] = found[j, i] = correlation(order, (i, j), (values[i], values[j]), parts)
    return found


def mean_agreement(matrix: np.ndarray) -> float:
    """The mean of an agreement matrix over the pairs of different maps that can be compared; NaN without any."""
    pairs = matrix[np.triu_indices(len(matrix), 1)]
    known = pairs[np.isfinite(pairs)]
    return float(known.mean()) if known.size else float("nan")


Order = Callable[[int, Region, tuple[int, int]], np.ndarray | None]


def ordering(values: Mapping[int, np.ndarray]) -> Order:
    """``order(i, part, grid)``: the ranks of a part of map ``i`` on a grid, of mean 0 and length 1; None if constant.

    Ranking costs far more than comparing, and a map enters many pairs: what was ranked once is kept.
    """
    kept: dict[tuple[int, Region, tuple[int, int]], np.ndarray | None] = {}

    def order(i: int, part: Region, grid: tuple[int, int]) -> np.ndarray | None:
        if (i, part, grid) not in kept:
            ranked = ranks(cut(values[i], part, grid))
            length = float(np.sqrt((ranked**2).sum()))
            kept[i, part, grid] = None if is_constant(ranked, 0.0) else unit(ranked, length)
        return kept[i, part, grid]

    return order


def correlation(
    order: Order, pair: tuple[int, int], maps: tuple[np.ndarray, np.ndarray], parts: tuple[Region, Region]
) -> float:
    """The rank correlation of the parts of a pair of maps; NaN where one is constant or they have too few cells."""
    sizes = [cells(one.shape, part) for one, part in zip(maps, parts, strict=True)]
    grid = (min(sizes[0][0], sizes[1][0]), min(sizes[0][1], sizes[1][1]))
    if parts != (WHOLE, WHOLE) and grid[0] * grid[1] < LEAST:
        return float("nan")
    first, second = (order(i, part, grid) for i, part in zip(pair, parts, strict=True))
    return float("nan") if first is None or second is None else float(np.clip((first * second).sum(), -1, 1))


def common(a: Box, b: Box) -> tuple[Region, Region] | None:
    """The part that two squares have in common, as shares of each; None where they have none."""
    if np.allclose(a, b, rtol=0, atol=SAME_EDGE * (a[2] - a[0])):
        return WHOLE, WHOLE
    shared = (max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3]))
    if shared[2] <= shared[0] or shared[3] <= shared[1]:
        return None
    return within(a, shared), within(b, shared)


def within(box: Box, part: Box) -> Region:
    """A part of a square, as shares of its sides."""
    (left, top, right, bottom), (wide, high) = part, (box[2] - box[0], box[3] - box[1])
    shares = (left - box[0]) / wide, (top - box[1]) / high, (right - box[0]) / wide, (bottom - box[1]) / high
    return round(shares[0], 9), round(shares[1], 9), round(shares[2], 9), round(shares[3], 9)


def cells(shape: Sequence[int], part: Region) -> tuple[int, int]:
    """About how many rows and columns of a map of that shape lie in a part, one at least."""
    return max(1, round(shape[0] * (part[3] - part[1]))), max(1, round(shape[1] * (part[2] - part[0])))


def cut(array: np.ndarray, part: Region, grid: tuple[int, int]) -> np.ndarray:
    """The mean of a part of a map (h, w) over each cell of a grid, by area."""
    if part == WHOLE:
        return pool(array, grid)
    down, across = ((part[1], part[3]), (part[0], part[2]))
    rows, columns = overlaps(array.shape[0], grid[0], down), overlaps(array.shape[1], grid[1], across)
    return (rows @ array @ columns.T).astype(np.float32).astype(np.float64)
