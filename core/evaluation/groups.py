"""Groups of similar maps, so that a shortcut such as a watermark or a corner tag stands out as a separate group.

Each map is divided by its sum, so that only the positions of its values count. These shares are clustered by mini-batch
k-means (Sculley, "Web-scale k-means clustering", WWW 2010), or for up to 2,000 maps by spectral clustering of the
nearest-neighbor graph (Ng, Jordan, Weiss, "On spectral clustering", NeurIPS 2001). The most distinctive group comes
first:

    apart = |mean of the group − mean of all| / root mean square of |map − mean of all|
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Literal

import numpy as np

from core.evaluation.similarity import masses
from core.types import InvalidInput, frozen

COUNT = 6
MOST_SPECTRAL = 2000  # the most maps: the time grows faster than their number
NEIGHBORS = 15
FEW = 0.02  # smaller groups, or groups of fewer than three maps, come last

Clustering = Literal["k-means", "spectral"]


@dataclass(frozen=True, eq=False)
class Group:
    """Similar maps: ``members`` (m,) int64 are their indices, the ones nearest to the mean first.

    ``mean`` (h, w) is the mean of the given maps, ``apart`` its distance from the mean of all, in multiples of the root
    mean square distance of single maps.
    """

    members: np.ndarray
    mean: np.ndarray
    apart: float


def group_maps(
    maps: np.ndarray, count: int = COUNT, *, clustering: Clustering = "k-means", seed: int = 0
) -> tuple[Group, ...]:
    """Up to ``count`` groups of maps (n, h, w), the most distinctive first; empty without maps.

    Raises:
        InvalidInput: maps with NaN, fewer than two groups, no such clustering, or too many maps for it.
    """
    if maps.ndim != 3 or not np.isfinite(maps).all():
        raise InvalidInput(
            "Give maps of shape (n, h, w) without NaN or infinity. These have shape {shape}.", shape=maps.shape
        )
    if count < 2 or clustering not in ("k-means", "spectral"):
        raise InvalidInput("Choose at least two groups, and k-means or spectral.")
    if clustering == "spectral" and len(maps) > MOST_SPECTRAL:
        raise InvalidInput(
            "Spectral clustering takes at most {most} maps. Choose k-means for {count}.",
            most=MOST_SPECTRAL,
            count=len(maps),
        )
    if not len(maps):
        return ()
    x = masses(maps)
    count = min(count, len(np.unique(x, axis=0)))
    labels = cluster(x, count, clustering, seed) if count > 1 else np.zeros(len(x), np.int64)
    found = [to_group(maps, x, np.flatnonzero(labels == label)) for label in np.unique(labels)]
    few = max(3, FEW * len(maps))
    return tuple(sorted(found, key=lambda one: (len(one.members) < few, -one.apart)))


def cluster(x: np.ndarray, count: int, clustering: Clustering, seed: int) -> np.ndarray:
    """The label of each row of x (n, cells): (n,) int."""
    from sklearn.cluster import MiniBatchKMeans, SpectralClustering  # takes a second to import and is rarely needed

    if clustering == "spectral" and len(x) > NEIGHBORS:
        graph = {"affinity": "nearest_neighbors", "n_neighbors": NEIGHBORS, "assign_labels": "cluster_qr"}
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Graph is not fully connected")  # its parts are the groups
            return SpectralClustering(count, random_state=seed, **graph).fit_predict(x)
    return MiniBatchKMeans(count, n_init=5, random_state=seed).fit_predict(x)


def to_group(maps: np.ndarray, x: np.ndarray, members: np.ndarray) -> Group:
    """The group of the maps at ``members``; ``x`` (n, cells) are the shares of all maps."""
    own, whole = x[members], x.mean(0)
    center, spread = own.mean(0), float(np.sqrt(((x - whole) ** 2).sum(1).mean()))
    distances = ((own - center) ** 2).sum(1)
    apart = float(np.linalg.norm(center - whole)) / max(spread, 1e-12)
    return Group(frozen(members[np.argsort(distances, kind="stable")]), frozen(maps[members].mean(0)), apart)
