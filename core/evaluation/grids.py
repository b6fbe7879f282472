"""Maps on grids: pooling by area, and whether a map is the same everywhere."""

from __future__ import annotations

import numpy as np

ROUNDING = 1e-6
"""Values of a map that differ by no more than this share of its largest one are the same: single precision has no more
than seven digits, and sums lose one of them."""


def is_constant(maps: np.ndarray, tolerance: float = ROUNDING) -> np.ndarray:
    """Whether each map (..., h, w) is the same everywhere, within ``tolerance``, a share of its largest value: (...,).

    Such a map points nowhere, and nothing correlates with it. One of zeros is constant; one with NaN counts as such.
    """
    spread = maps.max((-2, -1)) - maps.min((-2, -1))
    return ~(spread > tolerance * np.abs(maps).max((-2, -1)))


def pool(array: np.ndarray, grid: tuple[int, int]) -> np.ndarray:
    """The mean of a map (..., h, w) over each cell of a coarser ``grid``, by area: pixels on a border count to both.

    Rounded to float32, so that the rounding of the sums makes no ranks where there are none.
    """
    if array.shape[-2:] != grid:
        array = overlaps(array.shape[-2], grid[0]) @ array @ overlaps(array.shape[-1], grid[1]).T
    return array.astype(np.float32).astype(np.float64)


def overlaps(n: int, cells: int) -> np.ndarray:
    """The share of each of ``n`` pixels in each of ``cells`` cells along one axis: (cells, n), rows sum to one."""
    edges, pixels = np.arange(cells + 1) * n / cells, np.arange(n)
    stop = np.minimum(edges[1:, None], pixels + 1)
    start = np.maximum(edges[:-1, None], pixels)
    return np.maximum(stop - start, 0) * cells / n
