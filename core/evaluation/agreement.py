"""How alike two maps are, and how alike they would be by chance.

Both maps are made absolute and pooled by area to the coarser grid. Then:

    rank correlation    Spearman's ρ over the cells, average ranks for ties
    top fifth           |A ∩ B| / |A ∪ B| of the 20 % of cells with the largest values
    shared mass         Σ min(a, b), each map scaled to sum to one

All three are 1 for a map with itself and do not depend on the order of the two. Chance is the same measure with one
map shifted round the torus, which keeps its smoothness: mean and 95 % range of 200 shifts. They come in pairs s, −s, so
that chance does not depend on the order either. ``blob`` is the measure of the second map against a Gaussian at the
centre that has not seen the picture: photographs have their subject in the middle, and a blind guess profits from it.

Ties: cells that tie for the last places of the top fifth share them, each belonging to it by a fraction (as the last
cell does where a fifth of the cells is no whole number), and ∩ and ∪ are sums of minima and maxima. So nothing hangs on
the order of the cells. A constant map ranks nothing: its rank correlation is 0, every cell is a fifth in its top fifth,
its mass is even; a map of zeros has no mass, and shares 0.
"""

from __future__ import annotations

import numpy as np

from core.attention.reduction import to_grid
from core.types import Agreement, AttentionMap, Attribution, InvalidInput, Measure

Map = np.ndarray | Attribution | AttentionMap

TOP = 0.2
SHIFTS = 200
SEED = 0
BLOB = 0.25
"""Standard deviation of the centre blob, as a share of each side."""
CHUNK = 1 << 17
"""Cells that are compared at once: what fits a processor's cache."""


def agreement(a: Map, b: Map) -> Agreement:
    """How alike two maps are, by three measures, each with its chance and what a blind centre blob gives against ``b``.

    An AttentionMap enters as ``to_grid`` reduces it: the mean over heads and queries of a PAIRWISE one. Give
    ``to_grid(map, head, query)`` for a pinned patch.

    Raises:
        InvalidInput: a map that is no finite (h, w) array, or a CHANNEL map.
    """
    first, second = to_values(a), to_values(b)
    grid = (min(first.shape[0], second.shape[0]), min(first.shape[1], second.shape[1]))
    first, second, guess = (views(pool(np.abs(one), grid)) for one in (first, second, blob(grid)))
    observed, blind = compare(first, second[None])[:, 0], compare(guess, second[None])[:, 0]
    chance = by_chance(first, second)
    low, high = np.percentile(chance, (2.5, 97.5), axis=1)
    numbers = zip(observed, chance.mean(1), low, high, blind, strict=True)
    return Agreement(*(Measure(*map(float, row)) for row in numbers), grid)


def to_values(map_: Map) -> np.ndarray:
    """A map as a finite (h, w) array of float64, signed; an AttentionMap as ``to_grid`` reduces it.

    Raises:
        InvalidInput: it is something else, or a CHANNEL map, which has no place in the picture.
    """
    array = to_grid(map_) if isinstance(map_, AttentionMap) else map_
    try:
        array = np.asarray(array.values if isinstance(array, Attribution) else array, np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidInput(f"Give a map of shape (h, w), not a {type(map_).__name__}.") from error
    if array.ndim != 2 or not array.size or not np.isfinite(array).all():
        raise InvalidInput(f"Give a map of shape (h, w) without NaN or infinity, not {array.shape}.")
    return array


def rank_correlations(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The rank correlation of each map of ``a`` (b, h, w) with its own of ``b`` (b, h', w'), as ``agreement`` has it.

    For many pictures at once, and without chance: (b,) float64.
    """
    grid = (min(a.shape[1], b.shape[1]), min(a.shape[2], b.shape[2]))
    pooled = (pool(np.abs(np.asarray(one, np.float64)), grid) for one in (a, b))
    first, second = (np.array([ranks(each).ravel() for each in one]) for one in pooled)
    lengths = np.sqrt((first**2).sum(1) * (second**2).sum(1))
    return (np.einsum("bn,bn->b", first, second) / np.where(lengths > 0, lengths, 1)).clip(-1, 1)


def ranks(array: np.ndarray) -> np.ndarray:
    """The ranks of the cells of a map, average ones for ties, less their mean."""
    _, group, counts = np.unique(array, return_inverse=True, return_counts=True)
    order = (np.cumsum(counts) - (counts - 1) / 2)[group].reshape(array.shape)
    return order - order.mean()


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


def blob(grid: tuple[int, int]) -> np.ndarray:
    """A Gaussian at the centre of a grid (h, w)."""
    down, across = (np.exp(-0.5 * (((np.arange(n) + 0.5) / n - 0.5) / BLOB) ** 2) for n in grid)
    return np.outer(down, across)


def views(array: np.ndarray) -> np.ndarray:
    """What the three measures see of a map (h, w) without negative values: (3, h, w).

    Its ranks with mean 0 and length 1, its membership in the top fifth, and its mass. Each moves with the map when that
    is shifted, so that a shift needs no new ranks.
    """
    _, group, counts = np.unique(array, return_inverse=True, return_counts=True)
    ahead = array.size - np.cumsum(counts)  # the cells above each group of ties
    members = np.clip((TOP * array.size - ahead) / counts, 0, 1)[group].reshape(array.shape)
    order = ranks(array)
    return np.stack([unit(order, np.sqrt((order**2).sum())), members, unit(array, array.sum())])


def unit(array: np.ndarray, length: float) -> np.ndarray:
    """The map over its length; zeros where it has none."""
    return array / length if length > 0 else np.zeros_like(array)


def compare(a: np.ndarray, others: np.ndarray) -> np.ndarray:
    """The three measures of one map's views (3, h, w) with those of ``s`` others (s, 3, h, w): (3, s)."""
    ranks = np.einsum("hw,shw->s", a[0], others[:, 0])
    both = np.minimum(a[1], others[:, 1]).sum((1, 2))
    mass = np.minimum(a[2], others[:, 2]).sum((1, 2))
    return np.stack([ranks.clip(-1, 1), both / (a[1].sum() + others[:, 1].sum((1, 2)) - both), mass.clip(0, 1)])


def by_chance(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The three measures of views (3, h, w) with ``b`` shifted: (3, SHIFTS)."""
    h, w = a.shape[1:]
    down, across = shifts((h, w))
    # Every shifted copy is a window of the map laid out twice each way; no shift is computed.
    windows = np.lib.stride_tricks.sliding_window_view(np.tile(b, (1, 2, 2)), (h, w), axis=(1, 2))
    part = max(1, CHUNK // a.size)
    measures = []
    for start in range(0, len(down), part):
        rows, columns = -down[start : start + part] % h, -across[start : start + part] % w
        measures.append(compare(a, windows[:, rows, columns].swapaxes(0, 1)))
    return np.concatenate(measures, 1)


def shifts(grid: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """The seeded shifts (down, across) of ``SHIFTS`` cells each, in pairs of opposites, none of them zero.

    A grid of one cell has no other shift than zero.
    """
    draw = np.random.default_rng(SEED)
    cells = grid[0] * grid[1]
    down, across = np.divmod(draw.integers(min(1, cells - 1), cells, SHIFTS // 2), grid[1])
    return np.concatenate([down, -down]), np.concatenate([across, -across])
