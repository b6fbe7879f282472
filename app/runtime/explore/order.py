"""Readings with the order of the patches changed: blocks of the picture shuffled, or no position encoding."""

from __future__ import annotations

import core
from app.runtime import results
from core import Classifier, Picture, Reading
from core.images import open_image
from core.lessons import shuffle_blocks, without_positions

POSITIONS, BLOCKS = "positions", "blocks-"
"""Without position encoding; and before the side of a block in pixels."""


def shuffled(model: Classifier, picture: Picture, block: int, seed: int) -> Picture:
    """The model's square of a picture with its blocks in a random order. Raises as ``shuffle_blocks``."""
    return open_image(shuffle_blocks(model.square(picture), block, seed))


def read_reordered(model: Classifier, picture: Picture, way: str, seed: int) -> Reading:
    """The reading in a way: "positions", or "blocks-" with the side of a block; maps are left out.

    Raises:
        InvalidInput: the model has no position encoding, or the blocks do not divide its square.
    """

    def read_changed() -> Reading:
        if way == POSITIONS:
            return core.read(without_positions(model), picture)
        return core.read(model, shuffled(model, picture, int(way.removeprefix(BLOCKS)), seed))

    return results.compute_quick(results.key_of(model, picture, "order", way, seed), model, read_changed)
