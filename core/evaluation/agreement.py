"""The agreement of two maps, in comparison with maps of unrelated pictures.

Both maps are made absolute and pooled by area to the coarser grid, or to that of the bank if it is coarser.
Then:

    rank correlation    Spearman's ρ over the cells, average ranks for ties
    top 20 %            |A ∩ B| / |A ∪ B| of the 20 % of cells with the largest values
    overlap             Σ min(a, b), each map scaled to sum to one; less than 1e-6 counts as 0

All three are 1 for a map with itself and symmetric. ``unrelated`` gives their values for unrelated pictures: the first
map is compared with maps of other pictures of the second one's kind, and the reverse. Such maps share the center bias
and the smoothness of the model and the method, so only the effect of the picture itself counts. ``blob`` is the measure
of the second map against a Gaussian at the center, which does not depend on the picture.

Ties: cells with the same value at the limit of the top 20 % are members with a fraction (like the last cell if a fifth
of the cells is not an integer), and ∩ and ∪ are sums of minima and maxima, so the result does not depend on the order
of the cells. For a constant map, the rank correlation is 0, each cell is a member of the top 20 % with weight 0.2, and
the mass is uniform. The overlap with a map of zeros is 0. Constant maps have no range.
"""

from __future__ import annotations

import numpy as np

from core.attention.reduction import to_grid
from core.checking import brief
from core.evaluation.bank import Bank, find_bank
from core.evaluation.grids import is_constant, pool
from core.evaluation.unrelated import Null, Sides, find_null
from core.evaluation.views import measures_with, ranks, views
from core.types import Agreement, AttentionMap, Attribution, InvalidInput, Measure

Map = np.ndarray | Attribution | AttentionMap

BLOB = 0.25
"""Standard deviation of the center blob, as a share of each side."""


def agreement(a: Map, b: Map, bank: Bank | None = None) -> Agreement:
    """Measure the agreement of two maps: three measures, each with its range over unrelated pictures and a center blob.

    An AttentionMap is reduced by ``to_grid``: a PAIRWISE one to the mean over heads and queries. Give
    ``to_grid(map, head, query)`` for a pinned patch. The ``bank`` holds the model's maps of other pictures; None finds
    it by the checksum in the maps. An array has none, so its range only uses the bank of the other map.

    Raises:
        InvalidInput: a map that is not a finite (h, w) array, or a CHANNEL map.
    """
    first, second = to_values(a), to_values(b)
    bank = bank or find_bank(next((model for one in (a, b) if (model := getattr(one, "model", ""))), ""))
    sides = Sides(bank, *((None, None) if bank is None else map(bank.find, (a, b))))
    grid = sides.meet(tuple(map(min, first.shape, second.shape)))
    first, second, guess = (views(pool(np.abs(one), grid)) for one in (first, second, blob(grid)))
    observed, blind = measures_with(first, second[None])[:, 0], measures_with(guess, second[None])[:, 0]
    flat = any(is_constant(ranks_, 0.0) for ranks_ in (first[0], second[0]))
    null = None if flat else find_null(sides, first, second)
    rows = zip(observed.tolist(), blind.tolist(), null.measures if null else (None,) * 3, strict=True)
    rank_correlation, top_overlap, overlap = (to_measure(*row) for row in rows)
    return Agreement(rank_correlation, top_overlap, overlap, grid, null.maps if null else 0, flat)


def to_measure(value: float, blind: float, null: Null | None) -> Measure:
    """One measure with its range."""
    if null is None:
        return Measure(value, None, None, blind)
    return Measure(value, null.low, null.high, blind, null.standing(value))


def to_values(map_: Map) -> np.ndarray:
    """A map as a finite (h, w) array of float64, signed; an AttentionMap is reduced by ``to_grid``.

    Raises:
        InvalidInput: it is anything else, or a CHANNEL map, which has no position in the picture.
    """
    array = to_grid(map_) if isinstance(map_, AttentionMap) else map_
    try:
        array = np.asarray(array.values if isinstance(array, Attribution) else array, np.float64)
        if not array.ndim:
            raise TypeError
    except (TypeError, ValueError) as error:
        raise InvalidInput("Give a map of numbers of shape (h, w), not {given}.", given=brief(map_)) from error
    if array.ndim != 2 or not array.size or not np.isfinite(array).all():
        raise InvalidInput(
            "Give a map of shape (h, w) without NaN or infinity. This one has shape {shape}.", shape=array.shape
        )
    return array


def rank_correlations(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The rank correlation of each map of ``a`` (b, h, w) with that of ``b`` (b, h', w') at its index, (b,) float64.

    As in ``agreement``, for many pictures at once, without ranges.
    """
    grid = (min(a.shape[1], b.shape[1]), min(a.shape[2], b.shape[2]))
    pooled = (pool(np.abs(np.asarray(one, np.float64)), grid) for one in (a, b))
    first, second = (np.array([ranks(each).ravel() for each in one]) for one in pooled)
    lengths = np.sqrt((first**2).sum(1) * (second**2).sum(1))
    return (np.einsum("bn,bn->b", first, second) / np.where(lengths > 0, lengths, 1)).clip(-1, 1)


def blob(grid: tuple[int, int]) -> np.ndarray:
    """A Gaussian at the center of a grid (h, w)."""
    down, across = (np.exp(-0.5 * (((np.arange(n) + 0.5) / n - 0.5) / BLOB) ** 2) for n in grid)
    return np.outer(down, across)
