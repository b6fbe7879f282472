"""Rollout: the attention of all layers as one map, with the shortcut of each layer included.

    R = A_L ··· A₂ A₁,   A_l = (mean over heads of W_l + I) / 2

Row i of R gives the share of each token of the first layer in token i of the last one, if a layer only mixed its
tokens by its weights and passed half of each one on unchanged. Abnar & Zuidema, "Quantifying attention flow in
transformers", ACL 2020. It is computed from maps and is not one of the model's own: the model never multiplied by it.

Attention pooling at the end has one query, a parameter and no token, so nothing is passed on unchanged: its one row is
W_pool R. Where any other layer cannot be multiplied, there is no rollout, because it would not be that of all layers.
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
"""How the name of a tap ends that is not the first one of its module."""
ROLLOUT = "rollout"
"""The name of a rollout's map, where other maps have the name of their tap."""
SEVERAL = Message("The model must have several attention layers over the same patches.")


def rollout(maps: Sequence[AttentionMap]) -> np.ndarray:
    """The product of PAIRWISE maps, first layer first, as above: (n, n) float32, rows of the last layer's tokens.

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
    """Whether a map is of attention pooling: one query, which is none of its tokens."""
    return one.kind.compares_all and one.weights.shape[1] == 1 < one.weights.shape[2] and not has_token(one)


def obstacle(maps: Sequence[AttentionMap]) -> Message | None:
    """Why a model's maps have no rollout; None where they have one: several layers that all compare the same tokens."""
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
        if SECOND.search(one.tap):  # such as the one that differential attention subtracts from the first
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
    """What the keys of a map are."""
    return one.weights.shape[-1], one.grid, one.prefix, one.suffix


def can_roll(maps: Sequence[AttentionMap]) -> bool:
    """Whether a model's maps make a rollout."""
    return obstacle(maps) is None


def rollout_map(maps: Sequence[AttentionMap]) -> AttentionMap:
    """The rollout of a reading's maps as a map itself, of one head, named ``rollout``.

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
