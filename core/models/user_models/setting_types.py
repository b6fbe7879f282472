"""The types of settings in a saved model's JSON files, whose origin is unknown: a wrong one is named with its file.

Only what is read here is tested: the settings of image processors, of timm's weights, and the entries of a
configuration that describe a classifier. transformers and timm test the settings of their architectures themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch

from core.files import first_line
from core.messages import Message
from core.models.json_values import is_list, is_number, is_whole
from core.models.user_models.user_card import LARGEST_MOMENT
from core.types import InvalidInput

Check = tuple[Callable[[Any], bool], Message]

LONGEST_SIDE = 1 << 16
SIDES = ("shortest_edge", "longest_edge", "height", "width")


def is_side(value: Any) -> bool:
    """A number of pixels."""
    return is_whole(value, 1, LONGEST_SIDE)


def is_size(value: Any) -> bool:
    """A side, both of them, or the sides by their names."""
    if isinstance(value, Mapping):
        return all(one is None or is_side(one) for key, one in value.items() if key in SIDES)
    return is_side(value) or is_list(value, 1, 2, is_side)


def is_moment(value: Any, least: float) -> bool:
    """A number for all colors, or one for each; also for pixels in 0..255, which is refused with its own sentence."""

    def fits(one: Any) -> bool:
        return is_number(one, least, 1000)

    return fits(value) or is_list(value, 1, 1, fits) or is_list(value, 3, 3, fits)


def is_flag(value: Any) -> bool:
    """True or false, also as 1 or 0."""
    return value in (True, False) and isinstance(value, int)


def is_word(value: Any) -> bool:
    """A text."""
    return isinstance(value, str)


def is_names(value: Any) -> bool:
    """A name, which may be a number, for each index."""
    if not isinstance(value, Mapping) or not value:
        return False
    return all(str(key).isdecimal() and isinstance(one, str | int | float) for key, one in value.items())


SIZE = Message("a number of pixels, such as 224")
MEAN = Message("a number for each of the three colors, such as 0.5, 0.5, 0.5")
STD = Message("a number above zero for each of the three colors, such as 0.5, 0.5, 0.5")
FLAG = Message("true or false")
TEXT = Message("text in quotation marks")
OBJECT = Message("a JSON object")

PROCESSING: dict[str, Check] = {
    **dict.fromkeys(("size", "crop_size"), (is_size, SIZE)),
    "image_mean": (lambda one: is_moment(one, -LARGEST_MOMENT), MEAN),
    "image_std": (lambda one: is_moment(one, 1e-6), STD),
    "rescale_factor": (lambda one: is_number(one, 1e-5, 1), Message("a number from 0.00001 to 1, such as 0.00392")),
    "max_num_patches": (lambda one: is_whole(one, 1, 4096), Message("a whole number up to 4096")),
    "crop_pct": (lambda one: is_number(one, 0.01, 1), Message("a share of the picture's side, such as 0.9")),
    **dict.fromkeys(
        (
            *("do_resize", "do_center_crop", "do_rescale", "do_normalize", "do_flip_channel_order"),
            *("rescale_offset", "include_top"),
        ),
        (is_flag, FLAG),
    ),
}
"""The settings of an image processor."""

WEIGHTS: dict[str, Check] = {
    "input_size": (
        lambda one: is_list(one, 3, 3, is_side),
        Message("channels, height and width as a list, such as 3, 224, 224"),
    ),
    "mean": (lambda one: is_moment(one, -LARGEST_MOMENT), MEAN),
    "std": (lambda one: is_moment(one, 1e-6), STD),
    "crop_pct": PROCESSING["crop_pct"],
    **dict.fromkeys(("interpolation", "crop_mode", "license"), (is_word, TEXT)),
    "num_classes": (lambda one: is_whole(one, 0, 25_000), Message("a whole number up to 25,000")),
    "label_names": (lambda one: is_list(one, 0, 25_000, is_word), Message("a list of names")),
    "label_descriptions": (
        lambda one: isinstance(one, Mapping) and all(map(is_word, one.values())),
        Message("a JSON object with a text for each name"),
    ),
}
"""The settings of timm's weights, ``pretrained_cfg``."""

CONFIGURATION: dict[str, Check] = {
    **dict.fromkeys(("model_type", "architecture", "problem_type"), (is_word, TEXT)),
    "architectures": (lambda one: is_list(one, 0, 100, is_word), Message("a list of names")),
    "id2label": (is_names, Message('a JSON object with the name of each class by its index, such as {example}',
                                   example='{"0": "cat"}')),
    "label_names": WEIGHTS["label_names"],
    "label_descriptions": WEIGHTS["label_descriptions"],
    **dict.fromkeys(("pretrained_cfg", "model_args", "vision_config"), (lambda one: isinstance(one, Mapping), OBJECT)),
    "image_size": (is_size, SIZE),
    "num_channels": (lambda one: is_whole(one, 1, 1000), Message("a whole number, such as 3")),
}  # fmt: skip
"""The entries of a configuration that are read here; the others belong to the architecture."""


def check_types(stated: Mapping[str, Any], checks: Mapping[str, Check], source: str) -> None:
    """Refuse a setting of a wrong type; null is as if it were not stated.

    Raises:
        InvalidInput: there is one; the message names the ``source``, the setting and what it should be.
    """
    for key, (fits, meaning) in checks.items():
        if stated.get(key) is not None and not fits(stated[key]):
            raise InvalidInput("{name} needs '{key}': {meaning}.", name=source, key=key, meaning=meaning)


def invalid_setting(
    stated: Mapping[str, Any], build: Callable[[Mapping[str, Any]], object], error: BaseException, source: str
) -> InvalidInput | None:
    """The error that names the setting of a configuration without which a model is built; None if there is none.

    ``build`` builds the model, without memory, and raised ``error`` for all that is ``stated``; ``source`` is
    the name of the file.
    """
    for key in stated:
        try:
            with torch.device("meta"):
                build({one: value for one, value in stated.items() if one != key})
        except Exception:  # as with the setting
            continue
        return InvalidInput(
            "{name} has an invalid value for '{key}': {reason}. Correct it, or copy the file again.",
            name=source,
            key=key,
            reason=first_line(error),
        )
    return None
