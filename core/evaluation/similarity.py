"""Similarity of the maps of many pictures, and of pictures: the mean map, the furthest maps, the nearest features."""

from __future__ import annotations

import numpy as np

from core.types import InvalidInput, frozen


def masses(maps: np.ndarray) -> np.ndarray:
    """Maps (n, h, w) as rows (n, h · w) float32 that sum to one, of absolute values; a map of zeros stays zero."""
    rows = np.abs(maps.reshape(len(maps), maps.shape[1] * maps.shape[2]).astype(np.float32))
    sums = rows.sum(1, keepdims=True)
    return rows / np.where(sums > 0, sums, 1)


def mean_map(maps: np.ndarray) -> np.ndarray:
    """The mean (h, w) of maps (n, h, w).

    Raises:
        InvalidInput: there is no map.
    """
    if maps.ndim != 3 or not len(maps):
        raise InvalidInput("None of these pictures has a map to average. Choose other pictures.")
    return frozen(maps.mean(0, dtype=np.float64).astype(np.float32))


def furthest_maps(maps: np.ndarray, count: int | None = None) -> np.ndarray:
    """The indices (count,) of the maps (n, h, w) whose mass is furthest from that of their mean, the furthest first."""
    rows = masses(maps)
    distances = ((rows - rows.mean(0)) ** 2).sum(1) if len(rows) else np.zeros(0)
    return np.argsort(-distances, kind="stable")[:count]


def nearest_features(features: np.ndarray, one: np.ndarray, among: np.ndarray, count: int = 6) -> np.ndarray:
    """The indices (count,) of the ``features`` (n, c) nearest to ``one`` (c,), ``among`` (n,) bool, the nearest first.

    By cosine similarity. To find the correctly classified pictures nearest to a mistake, give the stored features of
    all, those of the mistake, and which pictures are correct and of the class in question.
    """
    places = np.flatnonzero(among)
    rows = features[places].astype(np.float32)
    lengths = np.linalg.norm(rows, axis=1) * max(float(np.linalg.norm(one)), 1e-12)
    cosines = rows @ np.asarray(one, np.float32) / np.maximum(lengths, 1e-12)
    return places[np.argsort(-cosines, kind="stable")[:count]]
