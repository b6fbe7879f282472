"""What a checkpoint of Lightning states about its model: the names of the classes and the size of the pictures.

Only plain lists of texts and whole numbers are used, and only if they match the weights.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.models.answers import fits
from core.models.user_card import is_list, is_text, is_whole
from core.models.weights_file import HYPER_PARAMETERS, Checkpoint, Weights

CLASSES = ("class_names", "classes", "label_names", "labels")
SIZES = ("image_size", "img_size", "input_size")


def find_classes(weights: Weights, outputs: int) -> tuple[str, tuple[str, ...]] | None:
    """The entry with the names of the classes of so many ``outputs``, and these; None if there is none."""
    for key, value in stated(weights).items():
        names = list(value) if isinstance(value, list | tuple) else []
        named = key in CLASSES and is_list(names, 1, 25_000, is_text) and len(set(names)) == len(names)
        if named and fits(outputs, names):
            return key, tuple(names)
    return None


def find_size(weights: Weights) -> tuple[str, int] | None:
    """The entry with the side of the pictures in pixels, and this; None if there is none."""
    for key, value in stated(weights).items():
        pair = isinstance(value, list | tuple) and len(value) == 2 and value[0] == value[1]
        side = value[0] if pair else value
        if key in SIZES and is_whole(side, 8, 1024) and not isinstance(side, bool):
            return key, side
    return None


def stated(weights: Weights) -> Mapping[str, Any]:
    """The hyperparameters that were stored with weights."""
    found = weights.content.get(HYPER_PARAMETERS) if isinstance(weights, Checkpoint) else None
    return {key: one for key, one in found.items() if isinstance(key, str)} if isinstance(found, Mapping) else {}
