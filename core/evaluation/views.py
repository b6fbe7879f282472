"""The views of a map for the measures of agreement, and the measures of one map with many others at once."""

from __future__ import annotations

import numpy as np

TOP = 0.2
NOTHING = 1e-6
"""Two maps that share less of their mass do not overlap: what is left is below the precision of stored maps."""


def ranks(array: np.ndarray) -> np.ndarray:
    """The ranks of the cells of a map, average ones for ties, less their mean."""
    _, group, counts = np.unique(array, return_inverse=True, return_counts=True)
    return _ranks(group.reshape(array.shape), counts)


def _ranks(group: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """The ranks by the group of ties of each cell, and the number of cells in each group."""
    order = (np.cumsum(counts) - (counts - 1) / 2)[group]
    return order - order.mean()


def views(array: np.ndarray) -> np.ndarray:
    """The views of a map (h, w) without negative values for the three measures: (3, h, w).

    Its ranks with mean 0 and length 1, its membership in the top 20 %, and its values as shares.
    """
    _, group, counts = np.unique(array, return_inverse=True, return_counts=True)
    ahead = array.size - np.cumsum(counts)  # the number of cells above each group of ties
    group = group.reshape(array.shape)
    members, order = np.clip((TOP * array.size - ahead) / counts, 0, 1)[group], _ranks(group, counts)
    return np.stack([unit(order, np.sqrt((order**2).sum())), members, unit(array, array.sum())])


def unit(array: np.ndarray, length: float) -> np.ndarray:
    """The map divided by its length; zeros if that is zero."""
    return array / length if length > 0 else np.zeros_like(array)


def measures_with(a: np.ndarray, others: np.ndarray) -> np.ndarray:
    """The three measures of one map's views (3, h, w) with those of ``s`` others (s, 3, h, w): (3, s)."""
    ranks = np.einsum("hw,shw->s", a[0], others[:, 0])
    both = np.minimum(a[1], others[:, 1]).sum((1, 2))
    mass = np.minimum(a[2], others[:, 2]).sum((1, 2))
    mass = np.where(mass < NOTHING, 0.0, mass)
    return np.stack([ranks.clip(-1, 1), both / (a[1].sum() + others[:, 1].sum((1, 2)) - both), mass.clip(0, 1)])
