"""Data sets: pictures with their classes, in a training and a validation split."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from core.messages import Message

MEMORY = 4 << 30  # bytes


@dataclass(frozen=True, eq=False)
class Split:
    """Pictures with their classes: ``labels`` (n,) int64 and ``read(i)`` -> (h, w, 3) uint8.

    ``read`` can be pickled, so that worker processes can use it. ``levels`` (n,) state how difficult each picture is,
    from 1, where some are easier than others.
    """

    labels: np.ndarray
    read: Callable[[int], np.ndarray]
    levels: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.labels)

    def up_to(self, level: int | None) -> np.ndarray:
        """The indices of the pictures of at most that level; without a level, or levels, of all."""
        if level is None or self.levels is None:
            return np.arange(len(self))
        return np.flatnonzero(self.levels <= level)


@dataclass(frozen=True, eq=False)
class Dataset:
    """A training and a validation split over the same ``classes``, with a ``note`` on them.

    ``terms`` are the terms of weights trained on them. If a shortcut reveals the class in both, ``independent`` is a
    validation split in which the shortcut is independent of the class, which is the object.
    """

    name: str
    classes: tuple[str, ...]
    training: Split
    validation: Split
    independent: Split | None = None
    note: str = ""
    terms: str = Message("Weights: under the terms of their data set.")


def hold(split: Split, limit: int = MEMORY) -> Split:
    """Return the split with its pictures in memory if they fit in ``limit`` bytes; else unchanged."""
    some = range(0, len(split), max(1, len(split) // 16))
    if len(split) * sum(split.read(i).nbytes for i in some) > limit * len(some):
        return split
    return replace(split, read=[split.read(i) for i in range(len(split))].__getitem__)
