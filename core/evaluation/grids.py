"""Maps on coarser grids: pooling by area."""

from __future__ import annotations

import numpy as np


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
