"""The similarity of maps of unrelated pictures, from the bank of a model: the reference range of an agreement.

The first map is compared with maps of n other pictures of the second one's kind, and the second with maps of the first
one's kind. If the two maps did not depend on their common picture, their own value would be exchangeable with these.
Each comparison alone would be a conformal test (Vovk, Gammerman, Shafer, "Algorithmic learning in a random world",
2005): the rank of the value is uniform. The share of less similar pairs over both comparisons is not uniform, because
one map of the pair is in all pairs of a comparison. Therefore the same share is computed for every pair of different
pictures of the bank, and the range is between the two shares that contain 95 % of these pairs. If the bank has the kind
of only one of the maps (a pinned patch or an array with an attribution), only its comparison is used.

Ties: a share is interpolated between average ranks, as (rank) / (n + 1), so that a measure with few values is outside
as often as one with many. Blank maps, which have no agreement, are left out of the bank.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from core.evaluation.bank import FEWEST_MAPS, Bank
from core.evaluation.grids import pool
from core.evaluation.views import measures_with, views

OUTSIDE = 0.025
"""The share of unrelated pairs on each side of the range."""
KEPT = 200
"""How much is kept of the banks of all models: at most 0.25 MB each."""


@dataclass(frozen=True)
class Sides:
    """The ``bank``, and its sources of maps of the ``first`` and the ``second`` one's kind, if any."""

    bank: Bank | None
    first: str | None = None
    second: str | None = None

    def meet(self, grid: tuple[int, int]) -> tuple[int, int]:
        """The grid on which two maps, and those of the bank, are compared."""
        known = [self.bank.maps[name].shape[1:] for name in (self.first, self.second) if self.bank and name]
        return min(grid[0], *(h for h, _ in known), grid[0]), min(grid[1], *(w for _, w in known), grid[1])


@dataclass(frozen=True, eq=False)
class Null:
    """One measure of unrelated pairs: sorted ``values``, and ``at`` the share of less similar pairs at each.

    ``outside`` (low, high) are the shares at the ends of the range, and ``shares`` (sorted) those of all pairs of the
    bank, None if a share is used directly.
    """

    values: np.ndarray
    at: np.ndarray
    outside: tuple[float, float]
    shares: np.ndarray | None

    @property
    def low(self) -> float:
        """The lower end of the range."""
        return float(np.interp(self.outside[0], self.at, self.values))

    @property
    def high(self) -> float:
        """The upper end of the range."""
        return float(np.interp(self.outside[1], self.at, self.values))

    def standing(self, value: float) -> float:
        """The share of unrelated pairs that are less similar."""
        share = float(np.interp(value, self.values, self.at, 0, 1))
        if self.shares is None:
            return share
        return float(np.searchsorted(self.shares, share) / len(self.shares))


@dataclass(frozen=True, eq=False)
class Nulls:
    """The three measures of unrelated pairs, from a number of ``maps`` of other pictures."""

    measures: tuple[Null, ...]
    maps: int


def find_null(sides: Sides, first: np.ndarray, second: np.ndarray) -> Nulls | None:
    """The measures of unrelated pairs for the views (3, h, w) of two maps; None with too few maps of other pictures."""
    grid, found, calibrated = first.shape[1:], [], None
    for own, name in ((first, sides.second), (second, sides.first)):
        if name:
            others = seen(sides.bank, name, grid)
            others = others[others[:, 0].any((1, 2))]
            if len(others) >= FEWEST_MAPS:
                found.append(measures_with(own, others))
    if not found:
        return None
    if len(found) == 2:
        calibrated = shares_of_pairs(sides.bank, sides.first, sides.second, grid)
    values = np.concatenate(found, 1)
    ends = (OUTSIDE, 1 - OUTSIDE)
    nulls = []
    for row, shares in zip(values, (None,) * 3 if calibrated is None else calibrated, strict=True):
        level, at = shares_at(row)
        outside = ends if shares is None else tuple(np.quantile(shares, ends).tolist())
        nulls.append(Null(level, at, outside, shares))
    return Nulls(tuple(nulls), min(one.shape[1] for one in found))


def shares_at(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The distinct values (m,) in order, and the share of all n below each: average rank / (n + 1)."""
    levels, counts = np.unique(values, return_counts=True)
    return levels, (np.cumsum(counts) - (counts - 1) / 2) / (len(values) + 1)


@lru_cache(maxsize=KEPT)
def seen(bank: Bank, name: str, grid: tuple[int, int]) -> np.ndarray:
    """The views (n, 3, h, w) of a source's maps on a grid."""
    return np.stack([views(one) for one in pool(bank.unpack(name), grid)])


@lru_cache(maxsize=KEPT)
def shares_of_pairs(bank: Bank, first: str, second: str, grid: tuple[int, int]) -> np.ndarray:
    """The share, over both comparisons, of every pair of different pictures of the bank: (3, pairs), in order.

    Each pair is treated like two new maps, with neither of its pictures among the others.
    """
    one, two = seen(bank, first, grid), seen(bank, second, grid)
    kept = one[:, 0].any((1, 2)) & two[:, 0].any((1, 2))
    one, two, n = one[kept], two[kept], int(kept.sum())
    values = np.stack([measures_with(own, two) for own in one], 1)  # (3, n, n)
    apart = ~np.eye(n, dtype=bool)
    along = [share_of_each(values[:, apart].reshape(3, n, n - 1))]
    along.append(share_of_each(values.swapaxes(1, 2)[:, apart].reshape(3, n, n - 1)))
    shares = np.zeros((2, 3, n, n))
    shares[:, :, apart] = np.reshape(along, (2, 3, -1))
    both = (shares[0] + shares[1].swapaxes(1, 2)) / 2
    return np.sort(both[:, apart], 1)


def share_of_each(values: np.ndarray) -> np.ndarray:
    """The share of the others in its row (..., n) that is less than each value; ties count half."""
    order = np.sort(values, -1)
    rows = order.reshape(-1, order.shape[-1])
    flat = values.reshape(rows.shape)
    low = np.stack([np.searchsorted(*pair, "left") for pair in zip(rows, flat, strict=True)])
    high = np.stack([np.searchsorted(*pair, "right") for pair in zip(rows, flat, strict=True)])
    return ((low + high) / 2 / values.shape[-1]).reshape(values.shape)
