"""Maps on grids: pooling by area, and the test for constant maps."""

from __future__ import annotations

import numpy as np

ROUNDING = 1e-6
"""Values of a map count as equal if they differ by at most this share of the largest one: single precision has seven
digits, and sums lose one of them."""


def is_constant(maps: np.ndarray, tolerance: float = ROUNDING) -> np.ndarray:
    """Whether each map (..., h, w) is constant, within ``tolerance``, a share of its largest value: (...,).

    A constant map has no correlation. A map of zeros is constant; one with NaN counts as constant.
    """
    spread = maps.max((-2, -1)) - maps.min((-2, -1))
    return ~(spread > tolerance * np.abs(maps).max((-2, -1)))


def pool(array: np.ndarray, grid: tuple[int, int]) -> np.ndarray:
    """The mean of a map (..., h, w) over each cell of a coarser ``grid``, by area: pixels on a border count for both.

    Rounded to float32, so that rounding errors of the sums do not break ties.
    """
    if array.shape[-2:] != grid:
        array = overlaps(array.shape[-2], grid[0]) @ array @ overlaps(array.shape[-1], grid[1]).T
    return array.astype(np.float32).astype(np.float64)


def overlaps(n: int, cells: int, part: tuple[float, float] = (0.0, 1.0)) -> np.ndarray:
    """The share of each of ``n`` pixels in each of ``cells`` cells along one axis: (cells, n), rows sum to one.

    The cells divide a ``part`` of the axis uniformly, from one share of its length to another; at first all of it.
    """
    low, high = part[0] * n, part[1] * n
    edges, pixels = low + np.arange(cells + 1) * (high - low) / cells, np.arange(n)
    stop = np.minimum(edges[1:, None], pixels + 1)
    start = np.maximum(edges[:-1, None], pixels)
    return np.maximum(stop - start, 0) * cells / (high - low)
