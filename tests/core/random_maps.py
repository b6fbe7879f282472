"""Attention maps drawn at random, for the tests of what is made of maps."""

from __future__ import annotations

import numpy as np


def softmaxed(seed: int, *shape: int) -> np.ndarray:
    weights = np.exp(np.random.default_rng(seed).normal(size=shape))
    return (weights / weights.sum(-1, keepdims=True)).astype(np.float32)


def windows_of(height: int, width: int, side: int, shift: int) -> np.ndarray:
    """Cells (windows, side²) of shifted windows over a grid padded to whole ones, -1 for the padding; by loops."""
    down, across = -(-height // side) * side, -(-width // side) * side
    found = []
    for top in range(0, down, side):
        for left in range(0, across, side):
            places = [((top + i + shift) % down, (left + j + shift) % across) for i in range(side) for j in range(side)]
            found.append([row * width + column if row < height and column < width else -1 for row, column in places])
    return np.array(found)
