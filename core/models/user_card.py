"""The card of a user's own model: a small JSON file that strangers write, so everything in it is checked.

    {"architecture": "torchvision/resnet18", "classes": ["cat", "dog"], "size": 224}

``architecture`` is ``torchvision/<name>``, any classification model of torchvision, or ``fovea/<mechanism>``, one of
ours, then with its ``widths``. ``mean`` and ``std`` normalize RGB in 0..1 and are ImageNet's unless given; ``weights``
names the file beside the card where it is not called the same. ``output`` is "logits" unless it says "sigmoid" or
"probabilities"; a model with one output names one class or two. All else that a model's card may say is kept, so a card
that ``python -m core train`` wrote is one of these.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from math import inf, isfinite
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np

from core.attention import mechanism
from core.models import torchvision_models
from core.models.backbone import STAGES
from core.types import OUTPUTS, InvalidInput, ModelCard

MAX_BYTES = 1 << 20
NEEDED = ("architecture", "classes", "size")
LARGEST_MOMENT = 10
"""Of a mean or a deviation of pixels in 0..1; larger ones are of pixels in 0..255."""


def is_text(value: Any) -> bool:
    """A text of a length that can be shown."""
    return isinstance(value, str) and 0 < len(value) <= 200


def is_number(value: Any, low: float, high: float) -> bool:
    """A number in a range."""
    return isinstance(value, Real) and not isinstance(value, bool) and isfinite(value) and low <= value <= high


def is_whole(value: Any, low: int, high: int) -> bool:
    """A whole number in a range."""
    return isinstance(value, int) and is_number(value, low, high)


def is_list(value: Any, least: int, most: int, fits: Callable[[Any], bool]) -> bool:
    """A list of so many things that fit."""
    return isinstance(value, list) and least <= len(value) <= most and all(map(fits, value))


def is_table(value: Any, fits: Callable[[Any], bool]) -> bool:
    """Things that fit, by name."""
    return isinstance(value, dict) and all(map(fits, value.values()))


def is_finite(value: Any) -> bool:
    """Something without NaN and infinity in it, which JSON does not have."""
    try:
        json.dumps(value, allow_nan=False, default=str)
    except (TypeError, ValueError, RecursionError):
        return False
    return True


CHECKS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "architecture": (is_text, "torchvision/NAME or fovea/MECHANISM"),
    "classes": (lambda v: is_list(v, 1, 25_000, is_text), "a list of names"),
    "size": (lambda v: is_whole(v, 8, 1024), "a whole number of pixels from 8 to 1024"),
    "mean": (lambda v: is_list(v, 3, 3, lambda one: is_number(one, -LARGEST_MOMENT, LARGEST_MOMENT)), "three numbers"),
    "std": (lambda v: is_list(v, 3, 3, lambda one: is_number(one, 1e-3, LARGEST_MOMENT)), "three numbers above zero"),
    "widths": (
        lambda v: is_list(v, len(STAGES), len(STAGES), lambda one: is_whole(one, 8, 1024)),
        f"{len(STAGES)} whole numbers from 8 to 1024",
    ),
    "resize": (
        lambda v: v is None or is_whole(v, 16, 2048),
        "the pixels that the short side is resized to before the center is cut out, a whole number up to 2048",
    ),
    "interpolation": (lambda v: v in ("bilinear", "bicubic"), "bilinear or bicubic"),
    "weights": (lambda v: is_text(v) and v == Path(v).name, "the name of a file beside the card"),
    "output": (lambda v: isinstance(v, str) and v in OUTPUTS, ", ".join(OUTPUTS[:-1]) + f" or {OUTPUTS[-1]}"),
    "transform_input": (lambda v: isinstance(v, bool), "true or false"),
    "slug": (is_text, "a text"),
    "title": (is_text, "a text"),
    "mechanism": (is_text, "the slug of a mechanism"),
    "accuracy": (lambda v: v is None or is_number(v, 0, 1), "a number from 0 to 1"),
    "pictures": (lambda v: is_whole(v, 0, 10**12), "a whole number"),
    "ablation": (lambda v: is_table(v, lambda one: is_number(one, 0, 1)), "numbers from 0 to 1 by name"),
    "facts": (lambda v: is_table(v, is_finite), "facts by name, without NaN and infinity"),
}
"""What a card may say: whether it is well said, and how to say it."""


def parse_card(data: bytes, slug: str, name: str) -> tuple[ModelCard, str | None]:
    """The card in the bytes of a file, under ``slug``, and the file of weights that it names.

    ``name`` is what the file is called to people.

    Raises:
        InvalidInput: it is no JSON, says something that it cannot, or does not say something that it must.
    """
    if len(data) > MAX_BYTES:
        raise InvalidInput(f"{name} is larger than {MAX_BYTES >> 20} MB, as no card is; take care which file is which.")
    try:
        said = json.loads(data)
    except (ValueError, RecursionError) as error:
        reason = str(error).partition(":")[0]
        raise InvalidInput(f"{name} is no JSON ({reason}); it must say {', '.join(NEEDED)}.") from error
    if not isinstance(said, dict):
        raise InvalidInput(f"{name} must be a JSON object that says {', '.join(NEEDED)}.")
    unknown = [key for key in said if key not in CHECKS]
    if unknown:
        raise InvalidInput(f"{name} says {unknown[0]!r}, which no card does; a card says {', '.join(CHECKS)}.")
    missing = [key for key in NEEDED if key not in said]
    if missing:
        raise InvalidInput(f"{name} must say {missing[0]!r}: {CHECKS[missing[0]][1]}.")
    said = checked(said, name)
    weights = said.pop("weights", None)
    if "transform_input" in said:
        said["facts"] = {**said.get("facts", {}), "transform_input": said.pop("transform_input")}
    settled = {"title": slug.rpartition("/")[2], **said, "slug": slug, **complete_card(said, name)}
    return ModelCard.from_json(settled), weights


def check(card: ModelCard) -> ModelCard:
    """A card that was made in Python, checked like one in a file; arrays become tuples.

    Raises:
        InvalidInput: it says something that no card can.
    """
    title = card.title or str(card.slug).rpartition("/")[2]
    said = checked(card.to_json() | {"title": title}, "The card")
    mechanism(said["mechanism"])
    return ModelCard.from_json(said)


def checked(said: dict[str, Any], name: str) -> dict[str, Any]:
    """What a card says in plain lists and numbers; one mean or std stands for all three colors.

    Raises:
        InvalidInput: it says something that no card can; ``name`` is what it is called.
    """
    said = {key: plain(key, value) for key, value in said.items()}
    for key in (key for key in ("mean", "std") if key in said):
        if is_list(said[key], 3, 3, lambda one: is_number(one, 0, 1000)) and max(said[key]) > LARGEST_MOMENT:
            raise InvalidInput(f"{name} must say 'mean' and 'std' for pixel values of 0 to 1: divide both by 255.")
    for key, (fits, meant) in CHECKS.items():
        if key in said and not fits(said[key]):
            raise InvalidInput(f"{name} must say {key!r}: {meant}.")
    if len(set(said.get("classes", ()))) < len(said.get("classes", ())):
        raise InvalidInput(f"{name} names a class twice; name each class once, in order.")
    if (said.get("resize") or inf) < said.get("size", 0):
        told = f"'resize': {said['resize']} and 'size': {said['size']}"
        raise InvalidInput(f"{name} says {told}; resize must be at least size, which is cut out of it.")
    return said


def plain(key: str, value: Any) -> Any:
    """A value of a card as JSON has it."""
    value = value.tolist() if hasattr(value, "tolist") else value  # of numpy or torch
    value = list(value) if isinstance(value, tuple) else value
    value = [one.item() if isinstance(one, np.generic) else one for one in value] if isinstance(value, list) else value
    if key in ("mean", "std"):
        value = [value] if isinstance(value, Real) else value
        value = value * 3 if isinstance(value, list) and len(value) == 1 else value
    return value


def complete_card(said: dict[str, Any], name: str) -> dict[str, str]:
    """The architecture and the mechanism as a model's card has them; InvalidInput where there is none like that."""
    family, _, kind = said["architecture"].partition("/")
    if family == torchvision_models.FAMILY:
        torchvision_models.weights_of(kind)
        return {"mechanism": torchvision_models.mechanism_of(kind)}
    if family != "fovea":
        raise InvalidInput(f"{name} must say 'architecture': {CHECKS['architecture'][1]}.")
    return {"architecture": family, "mechanism": mechanism(kind or said.get("mechanism", "")).slug}
