"""Rollout: the attention of all layers as one map, with the shortcut of each layer included.

    R = A_L ··· A₂ A₁,   A_l = (mean over heads of W_l + I) / 2

Row i of R gives the share of each token of the first layer in token i of the last one, if a layer only mixed its
tokens by its weights and passed half of each one on unchanged. Abnar & Zuidema, "Quantifying attention flow in
transformers", ACL 2020. It is computed from maps and is not one of the model's own: the model never multiplied by it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from core.attention.reduction import has_rows
from core.types import AttentionMap, InvalidInput, frozen

ROLLOUT = "rollout"
"""The name of a rollout's map, where other maps have the name of their tap."""


def rollout(maps: Sequence[AttentionMap]) -> np.ndarray:
    """The product of PAIRWISE maps, first layer first, as above: (n, n) float32, rows of the last layer's tokens.

    Each row sums to one where the rows of the maps do.

    Raises:
        InvalidInput: no map, one that is not PAIRWISE, or maps of different numbers of tokens.
    """
    sizes = {n for one in maps for n in one.weights.shape[1:]}
    if len(sizes) != 1 or any(not one.kind.compares_all for one in maps):
        raise InvalidInput("Rollout needs PAIRWISE maps over the same tokens. Give only those.")
    product = np.eye(sizes.pop())
    for one in maps:
        product = (one.weights.mean(0, dtype=np.float64) @ product + product) / 2
    return product.astype(np.float32)


def can_roll(maps: Sequence[AttentionMap]) -> bool:
    """Whether a model's maps make a rollout: several PAIRWISE layers that all compare the same tokens."""
    layers = [one for one in maps if one.kind.compares_all]
    same = len({(one.weights.shape[1:], one.grid, one.prefix, one.suffix) for one in layers}) == 1
    return len(layers) > 1 and same and all(map(has_rows, layers))


def rollout_map(maps: Sequence[AttentionMap]) -> AttentionMap:
    """The rollout of a reading's maps as a map itself, of one head, named ``rollout``.

    Its class token's row is shown; without a class token, the mean over the patches' rows.

    Raises:
        InvalidInput: ``can_roll`` is false for these maps.
    """
    if not can_roll(maps):
        raise InvalidInput(
            "These maps have no rollout, because it needs several layers of attention over the same patches."
        )
    layers = [one for one in maps if one.kind.compares_all]
    return replace(layers[0], tap=ROLLOUT, weights=frozen(rollout(layers)[None]))
