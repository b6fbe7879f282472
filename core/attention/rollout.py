"""Rollout: the attention of all layers multiplied into one map, including residual connections.

    R = A_L ··· A₂ A₁,   A_l = (mean over heads of W_l + I) / 2

Row i of R is the share of each input token in token i of the last layer, under the assumption that each layer averages
its tokens with its weights and keeps half of each token unchanged. Abnar & Zuidema, "Quantifying attention flow in
transformers", ACL 2020. It is computed from the maps; the model itself does not use it.

Attention pooling at the end has one query, which is a parameter and not a token, so no token is kept unchanged: its
only row is W_pool R. If the map of any other layer cannot be multiplied, there is no rollout, because it would not
cover all layers.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from core.attention.reduction import has_rows, has_token
from core.messages import Message
from core.types import AttentionMap, InvalidInput, frozen

SECOND = re.compile(r"(^|\.)tap_\d+$")
"""The ending of a tap's name if it is not the first tap of its module."""
ROLLOUT = "rollout"
"""The name of a rollout map; other maps have the name of their tap."""
SEVERAL = Message("The model must have several attention layers over the same patches.")


def rollout(maps: Sequence[AttentionMap]) -> np.ndarray:
    """Multiply PAIRWISE maps, the first layer first: (n, n) float32, with a row for each token of the last layer.

    The last map may be one of attention pooling, with one query; then it is (1, n). Each row sums to one where the rows
    of the maps do.

    Raises:
        InvalidInput: no map, one that is not PAIRWISE, or maps of different numbers of tokens.
    """
    layers = maps[:-1] if len(maps) > 1 and pools(maps[-1]) else maps
    sizes = {n for one in layers for n in one.weights.shape[1:]} | {one.weights.shape[-1] for one in maps}
    if len(sizes) != 1 or any(not one.kind.compares_all or one.kind.signed for one in maps):
        raise InvalidInput("Rollout needs maps of self-attention over the same tokens. Leave other maps out.")
    product = np.eye(sizes.pop())
    for one in layers:
        product = (one.weights.mean(0, dtype=np.float64) @ product + product) / 2
    for one in maps[len(layers) :]:
        product = one.weights.mean(0, dtype=np.float64) @ product
    return product.astype(np.float32)


def pools(one: AttentionMap) -> bool:
    """Return whether a map is of attention pooling, with one query that is not one of its tokens."""
    return one.kind.compares_all and one.weights.shape[1] == 1 < one.weights.shape[2] and not has_token(one)


def obstacle(maps: Sequence[AttentionMap]) -> Message | None:
    """Return the reason why maps have no rollout; None if several layers compare the same tokens."""
    mixed = next((one for one in maps if one.kind.signed), None)
    layers = [one for one in maps if one.kind.compares and not one.kind.signed]
    last = layers[-1:] if len(layers) > 1 and pools(layers[-1]) else []
    square = layers[: len(layers) - len(last)]
    if len(square) < 2:
        return SEVERAL
    if layers[0].unmapped:
        return Message("Rollout multiplies the attention of all layers, but {tap} has no map.", tap=layers[0].unmapped)
    if mixed is not None:
        return Message("Rollout multiplies rows that sum to one, but those of {tap} do not.", tap=mixed.tap)
    for one in layers:
        # such as the second map of differential attention, which is subtracted from the first
        if SECOND.search(one.tap):
            return Message("Rollout multiplies one map for each layer, but {tap} is not the only one of its module.",
                           tap=one.tap)  # fmt: skip
        if one.kind.windowed:
            return Message(
                "Rollout multiplies the attention of all layers, but {tap} compares patches only within windows.",
                tap=one.tap,
            )
    for one in square:
        if not has_rows(one):
            return Message(
                "Rollout multiplies the attention of all layers, but {tap} has queries that are not its keys.",
                tap=one.tap,
            )
    for one in layers[1:]:
        if tokens(one) != tokens(layers[0]):
            return Message(
                "Rollout multiplies the attention of all layers, but {tap} and {other} compare different tokens.",
                tap=layers[0].tap,
                other=one.tap,
            )
    return None


def tokens(one: AttentionMap) -> tuple[object, ...]:
    """Return the identity of the tokens that are the keys of a map."""
    return one.weights.shape[-1], one.grid, one.prefix, one.suffix


def can_roll(maps: Sequence[AttentionMap]) -> bool:
    """Return whether a rollout can be computed from the maps of a model."""
    return obstacle(maps) is None


def rollout_map(maps: Sequence[AttentionMap]) -> AttentionMap:
    """Return the rollout of a reading's maps as an attention map with one head, named ``rollout``.

    Its class token's row is shown, or that of attention pooling at the end; without these, the mean over the patches'
    rows.

    Raises:
        InvalidInput: ``can_roll`` is false for these maps.
    """
    if not isinstance(maps, Sequence) or not all(isinstance(one, AttentionMap) for one in maps):
        raise InvalidInput("rollout_map takes the attention maps of a reading: reading.maps.")
    why = obstacle(maps)
    if why is not None:
        raise InvalidInput("These maps have no rollout. {reason}", reason=why)
    layers = [one for one in maps if one.kind.compares]
    return replace(layers[0], tap=ROLLOUT, weights=frozen(rollout(layers)[None]))
