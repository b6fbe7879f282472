"""What a checkpoint of Lightning states about its model: the names of the classes, and how pictures are prepared.

They are hyperparameters of the model or of its data, or of a group of these, such as ``{"data": {"mean": [...]}}``.
Only plain lists of texts and numbers are used, and only if they match the weights.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from core.images import INTERPOLATIONS
from core.models.answers import fits
from core.models.files.weights_file import HYPER_PARAMETERS, Checkpoint, Weights
from core.models.json_values import is_list, is_number, is_text, is_whole
from core.models.user_models.user_card import LARGEST_MOMENT

HUNDREDS, LEAST = 1000, 1e-3
"""The largest mean or deviation of pixels, and the least deviation."""
CLASSES = ("class_names", "classes", "label_names", "labels")
SIZES = ("image_size", "img_size", "input_size", "crop_size")
MEANS = ("mean", "image_mean", "img_mean", "pixel_mean", "norm_mean", "normalize_mean")
STDS = ("std", "image_std", "img_std", "pixel_std", "norm_std", "normalize_std")
RESIZES = ("resize", "resize_size")
SHARES = ("crop_pct",)
FILTERS = ("interpolation",)
"""The usual names of entries, each with its meaning."""

Entry = tuple[str, Any]
"""The name of an entry and its value."""


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


def find_normalization(weights: Weights) -> tuple[Entry, Entry] | None:
    """The entries with the mean and deviation of RGB, these in 0..1; None if there are not both.

    Those of pixels in 0..255 are divided.
    """
    found = stated(weights)
    mean = next(((key, value) for key in MEANS if (value := triple(found.get(key), -HUNDREDS)) is not None), None)
    std = next(((key, value) for key in STDS if (value := triple(found.get(key), LEAST)) is not None), None)
    if mean is None or std is None:
        return None
    scale = 255 if max(*mean[1], *std[1]) > LARGEST_MOMENT else 1
    in_units = tuple(one / scale for one in mean[1]), tuple(one / scale for one in std[1])
    return ((mean[0], in_units[0]), (std[0], in_units[1])) if min(in_units[1]) >= LEAST else None


def triple(value: Any, least: float) -> tuple[float, float, float] | None:
    """Three numbers in a list, or one for all colors; None if it is not that."""
    value = value.tolist() if isinstance(value, Tensor) else value
    value = [value] * 3 if isinstance(value, int | float) else list(value) if isinstance(value, list | tuple) else []
    if not is_list(value, 3, 3, lambda one: is_number(one, least, HUNDREDS)):
        return None
    red, green, blue = map(float, value)
    return red, green, blue


def find_resizing(weights: Weights, size: int) -> tuple[list[str], dict[str, Any]]:
    """The names of the entries on how a picture is resized to ``size`` pixels, and the fields of a card from them."""
    names, fields = list[str](), dict[str, Any]()
    for key, value in stated(weights).items():
        if key in RESIZES and is_whole(value, size, 2048) and not isinstance(value, bool):
            fields["resize"] = value
        elif key in SHARES and is_number(value, 0.1, 1):
            fields["resize"] = int(size / value)
        elif key in FILTERS and isinstance(value, str) and value.lower() in INTERPOLATIONS.values():
            fields["interpolation"] = value.lower()
        else:
            continue
        names.append(key)
    return names, fields


def stated(weights: Weights) -> Mapping[str, Any]:
    """The hyperparameters that were stored with weights, by name; what groups of them state comes last."""
    content = weights.content if isinstance(weights, Checkpoint) else {}
    tables = [one for key in HYPER_PARAMETERS if isinstance(one := content.get(key), Mapping)]
    groups = [one for table in tables for one in table.values() if isinstance(one, Mapping)]
    found: dict[str, Any] = {}
    for table in (*tables, *groups):
        found |= {key: one for key, one in table.items() if isinstance(key, str) and key not in found}
    return found
