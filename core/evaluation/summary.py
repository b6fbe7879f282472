"""Summaries of a table of predictions: accuracy, confusion, accuracy by class, calibration.

A table has a row for each picture with ``true`` and ``predicted``, class names, and ``confidence``, the probability of
the predicted class. Pictures without a true class are left out.

    interval      (p + z²/2n ± z √(p(1 − p)/n + z²/4n²)) / (1 + z²/n),  z = 1.96         Wilson, 1927
    calibration   Σ over bins  n_bin / n · |accuracy of the bin − mean confidence of the bin|

Wilson's 95 % interval stays within 0..1, also if all predictions are correct. The calibration error
is that of Guo et al., "On calibration of modern neural networks", ICML 2017, with bins of equal width.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.types import InvalidInput

if TYPE_CHECKING:
    import pandas as pd

Z = 1.959963984540054
BINS = 10


@dataclass(frozen=True)
class Share:
    """A share of ``pictures`` with its 95 % interval from ``low`` to ``high``; NaN and 0..1 without pictures."""

    value: float
    low: float
    high: float
    pictures: int


@dataclass(frozen=True)
class Bin:
    """Predictions with a confidence above ``low``, up to ``high``: mean ``confidence`` and ``accuracy``, or NaN."""

    low: float
    high: float
    pictures: int
    confidence: float
    accuracy: float


@dataclass(frozen=True)
class Calibration:
    """How far confidence is from accuracy: the expected ``error``, the ``largest`` of a bin, and the ``bins``."""

    error: float
    largest: float
    bins: tuple[Bin, ...]


def wilson(hits: int, pictures: int) -> Share:
    """The share of hits with Wilson's interval."""
    if pictures == 0:
        return Share(math.nan, 0.0, 1.0, 0)
    p, n = hits / pictures, pictures
    center, reach = p + Z**2 / (2 * n), Z * math.sqrt(p * (1 - p) / n + Z**2 / (4 * n**2))
    low, high = ((center + side * reach) / (1 + Z**2 / n) for side in (-1, 1))
    return Share(p, max(low, 0.0) if hits else 0.0, min(high, 1.0) if hits < n else 1.0, n)


def labeled(table: pd.DataFrame) -> pd.DataFrame:
    """The rows that have a true class."""
    return table[table["true"].notna()]


def accuracy_of(table: pd.DataFrame) -> Share:
    """The share of correct predictions among those with a true class."""
    known = labeled(table)
    return wilson(int(hits(known).sum()), len(known))


def hits(known: pd.DataFrame) -> np.ndarray:
    """Which predictions are correct: (n,) bool."""
    return known["true"].to_numpy(object) == known["predicted"].to_numpy(object)


def confusion_of(table: pd.DataFrame, classes: Sequence[str]) -> np.ndarray:
    """Counts (k, k) int64: rows the true class, columns the predicted one, in the order of ``classes``.

    Raises:
        InvalidInput: the table names a class that is not among them.
    """
    import pandas as pd

    known, order = labeled(table), pd.Index(classes)
    true, predicted = (order.get_indexer(known[name].astype(object)) for name in ("true", "predicted"))
    if (true < 0).any() or (predicted < 0).any():
        raise InvalidInput("The table names a class that is not in the list of classes. Give all classes of the model.")
    counts = np.zeros((len(order), len(order)), np.int64)
    np.add.at(counts, (true, predicted), 1)
    return counts


def by_class(table: pd.DataFrame, classes: Sequence[str]) -> pd.DataFrame:
    """A row for each class: ``pictures`` of it, ``accuracy``, ``low`` and ``high``, ``predicted`` and ``precision``.

    ``accuracy`` is the share of its pictures that were predicted correctly, ``predicted`` how often it was predicted,
    and ``precision`` the share of these that were correct; NaN of none.
    """
    import pandas as pd

    counts = confusion_of(table, classes)
    own = [wilson(int(counts[i, i]), int(counts[i].sum())) for i in range(len(classes))]
    answered = [wilson(int(counts[i, i]), int(counts[:, i].sum())) for i in range(len(classes))]
    return pd.DataFrame(
        {
            "class": list(classes),
            "pictures": [one.pictures for one in own],
            "accuracy": [one.value for one in own],
            "low": [one.low for one in own],
            "high": [one.high for one in own],
            "predicted": [one.pictures for one in answered],
            "precision": [one.value for one in answered],
        }
    )


def calibration_of(table: pd.DataFrame, bins: int = BINS) -> Calibration:
    """How far confidence is from accuracy, over bins of equal width from 0 to 1; NaN without pictures.

    Raises:
        InvalidInput: fewer than one bin.
    """
    if bins < 1:
        raise InvalidInput("Choose at least one bin.")
    known = labeled(table)
    confidence, right = known["confidence"].to_numpy(np.float64), hits(known).astype(np.float64)
    edges = np.arange(bins + 1) / bins
    place = np.clip(np.searchsorted(edges, confidence, side="left") - 1, 0, bins - 1)
    pictures, sums = np.bincount(place, minlength=bins), np.bincount(place, confidence, bins)
    counts, rights = np.where(pictures, pictures, np.nan), np.bincount(place, right, bins)
    means, shares = sums / counts, rights / counts
    gaps = np.abs(means - shares)
    rows = zip(edges[:-1], edges[1:], pictures, means, shares, strict=True)
    found = tuple(Bin(float(a), float(b), int(n), float(c), float(d)) for a, b, n, c, d in rows)
    if not len(known):
        return Calibration(math.nan, math.nan, found)
    return Calibration(float(np.nansum(gaps * pictures) / len(known)), float(np.nanmax(gaps)), found)
