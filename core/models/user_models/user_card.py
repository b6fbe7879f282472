"""The card of a user's own model: a small JSON file of unknown origin, so everything in it is checked.

    {"architecture": "torchvision/resnet18", "classes": ["cat", "dog"], "size": 224}

``architecture`` is ``torchvision/<name>``, any classification model of torchvision; ``timm/<name>``, any of timm;
``hf:<owner>/<name>``, the architecture of a classifier of the Hugging Face hub; or ``fovea/<mechanism>``, one of ours,
then with its ``widths``. ``mean`` and ``std`` normalize RGB in 0..1, by default as for the weights that torchvision or
timm has of the architecture; other architectures need both. ``weights`` is the file in the same folder, if it has
another name than the card. ``output`` is "logits", the default, "sigmoid" or "probabilities"; a model with one output
has one class or two. All other fields of a model card are allowed, so the cards of ``python -m core train`` are valid.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from math import inf
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np

from core.attention import mechanism
from core.images import INTERPOLATIONS
from core.messages import Message
from core.models.json_values import is_finite, is_list, is_number, is_table, is_text, is_unicode, is_whole
from core.models.libraries import hub, timm_models, torchvision_models
from core.models.networks.backbone import STAGES
from core.types import OUTPUTS, InvalidInput, ModelCard

MAX_BYTES = 1 << 20
HUB = "hf:"
"""The prefix of an architecture that a repository of the Hugging Face hub configures."""
NEEDED = ("architecture", "classes", "size")
LARGEST_MOMENT = 10
"""The largest mean or deviation of pixels in 0..1; larger ones are for pixels in 0..255."""


CHECKS: dict[str, tuple[Callable[[Any], bool], Message]] = {
    "architecture": (is_text, Message("torchvision/NAME, timm/NAME, hf:OWNER/NAME or fovea/MECHANISM")),
    "classes": (lambda v: is_list(v, 1, 25_000, is_text), Message("a list of names")),
    "size": (lambda v: is_whole(v, 8, 1024), Message("a whole number of pixels from 8 to 1024")),
    "mean": (
        lambda v: is_list(v, 3, 3, lambda one: is_number(one, -LARGEST_MOMENT, LARGEST_MOMENT)),
        Message("three numbers"),
    ),
    "std": (
        lambda v: is_list(v, 3, 3, lambda one: is_number(one, 1e-3, LARGEST_MOMENT)),
        Message("three numbers above zero"),
    ),
    "widths": (
        lambda v: is_list(v, len(STAGES), len(STAGES), lambda one: is_whole(one, 8, 1024)),
        Message("{count} whole numbers from 8 to 1024", count=len(STAGES)),
    ),
    "resize": (
        lambda v: v is None or is_whole(v, 16, 2048),
        Message("the pixels that the short side is resized to before the center crop, a whole number up to 2048"),
    ),
    "interpolation": (
        lambda v: isinstance(v, str) and v in INTERPOLATIONS.values(),
        Message("one of: {choices}", choices=[*INTERPOLATIONS.values()]),
    ),
    "weights": (lambda v: is_text(v) and v == Path(v).name, Message("the name of a file next to the card")),
    "output": (lambda v: isinstance(v, str) and v in OUTPUTS, Message("one of: {choices}", choices=[*OUTPUTS])),
    "transform_input": (lambda v: isinstance(v, bool), Message("true or false")),
    "slug": (is_text, Message("text in quotation marks")),
    "title": (is_text, Message("text in quotation marks")),
    "mechanism": (is_text, Message("the slug of a mechanism")),
    "accuracy": (lambda v: v is None or is_number(v, 0, 1), Message("a number from 0 to 1")),
    "pictures": (lambda v: is_whole(v, 0, 10**12), Message("a whole number")),
    "ablation": (
        lambda v: is_table(v, lambda one: is_number(one, 0, 1)),
        Message("a JSON object of numbers from 0 to 1"),
    ),
    "facts": (lambda v: is_table(v, is_finite), Message("a JSON object without NaN and infinity")),
}
"""The fields of a card: the test of a value, and how it should be."""


def parse_card(data: bytes, slug: str, name: str) -> tuple[ModelCard, str | None]:
    """The card in the bytes of a file, under ``slug``, and the file of weights that it names.

    ``name`` is the name of the file in messages.

    Raises:
        InvalidInput: it is not JSON, has an invalid value, or lacks a field.
    """
    if len(data) > MAX_BYTES:
        raise InvalidInput(
            "{name} is larger than {megabytes} MB, too large for a card. Check that the card and the weights are "
            "not swapped.",
            name=name,
            megabytes=MAX_BYTES >> 20,
        )
    try:
        stated = json.loads(data)
    except (ValueError, RecursionError) as error:
        reason = str(error).partition(":")[0]
        raise InvalidInput(
            "{name} is not JSON: {reason}. It needs {needed}.", name=name, reason=reason, needed=list(NEEDED)
        ) from error
    if not is_unicode(stated):
        raise InvalidInput("{name} contains characters that are not valid Unicode. Save it as UTF-8.", name=name)
    if not isinstance(stated, dict):
        raise InvalidInput("{name} must be a JSON object with {needed}.", name=name, needed=list(NEEDED))
    unknown = [key for key in stated if key not in CHECKS]
    if unknown:
        raise InvalidInput(
            "{name} has an unknown entry '{key}'. A card has: {known}.",
            name=name,
            key=unknown[0],
            known=list(CHECKS),
        )
    missing = [key for key in NEEDED if key not in stated]
    if missing:
        raise InvalidInput("{name} needs '{key}': {meaning}.", name=name, key=missing[0], meaning=CHECKS[missing[0]][1])
    stated = checked(stated, name)
    completed = complete_card(stated, name)
    stated = moments(stated["architecture"]) | stated
    for key in ("mean", "std"):
        if key not in stated:
            raise InvalidInput("{name} needs '{key}': {meaning}.", name=name, key=key, meaning=CHECKS[key][1])
    weights = stated.pop("weights", None)
    if "transform_input" in stated:
        stated["facts"] = {**stated.get("facts", {}), "transform_input": stated.pop("transform_input")}
    settled = {"title": slug.rpartition("/")[2], **stated, "slug": slug, **completed}
    return ModelCard.from_json(settled), weights


def moments(architecture: str) -> dict[str, Any]:
    """The mean and the deviation for the weights that a library has of an architecture; empty where there are none."""
    family, _, kind = architecture.partition("/")
    if family == torchvision_models.FAMILY:  # one for all of them
        return {"mean": ModelCard.mean, "std": ModelCard.std}
    if family == timm_models.FAMILY and (found := timm_models.find_settings(kind)):
        return {"mean": tuple(found.mean), "std": tuple(found.std)}
    return {}


def check(card: ModelCard, name: str = "The card") -> ModelCard:
    """A card made in Python, checked like one in a file; arrays become tuples. ``name`` is its name in messages.

    Raises:
        InvalidInput: it has an invalid value.
    """
    title = card.title or str(card.slug).rpartition("/")[2]
    stated = checked(card.to_json() | {"title": title}, name)
    mechanism(stated["mechanism"])
    return ModelCard.from_json(stated)


def checked(stated: dict[str, Any], name: str) -> dict[str, Any]:
    """The fields of a card as plain lists and numbers; a single mean or std is used for all three colors.

    Raises:
        InvalidInput: it has an invalid value; ``name`` is its name in the message.
    """
    stated = {key: plain(key, value) for key, value in stated.items()}
    for key in {"mean", "std"} & stated.keys():
        if is_list(stated[key], 3, 3, lambda one: is_number(one, 0, 1000)) and max(stated[key]) > LARGEST_MOMENT:
            raise InvalidInput(
                "{name} needs 'mean' and 'std' for pixel values from 0 to 1. Divide both by 255.", name=name
            )
    for key, (fits, meaning) in CHECKS.items():
        if key in stated and not fits(stated[key]):
            raise InvalidInput("{name} needs '{key}': {meaning}.", name=name, key=key, meaning=meaning)
    if len(set(stated.get("classes", ()))) < len(stated.get("classes", ())):
        raise InvalidInput("{name} names a class twice. Name each class once, in order.", name=name)
    if (stated.get("resize") or inf) < stated.get("size", 0):
        raise InvalidInput(
            "{name} has 'resize': {resize}, which is smaller than 'size': {size}. Raise 'resize' to at least {size}.",
            name=name,
            resize=stated["resize"],
            size=stated["size"],
        )
    return stated


def plain(key: str, value: Any) -> Any:
    """A value of a card as in JSON."""
    value = value.tolist() if hasattr(value, "tolist") else value  # of numpy or torch
    value = list(value) if isinstance(value, tuple) else value
    value = [one.item() if isinstance(one, np.generic) else one for one in value] if isinstance(value, list) else value
    if key in ("mean", "std"):
        value = [value] if isinstance(value, Real) else value
        value = value * 3 if isinstance(value, list) and len(value) == 1 else value
    return value


def is_found(architecture: str) -> bool:
    """Whether the attention of an architecture is found by running it, so that a card need not state its mechanism."""
    return architecture.startswith((f"{timm_models.FAMILY}/", HUB))


def complete_card(stated: dict[str, Any], name: str) -> dict[str, str]:
    """The architecture and the mechanism for a model card; InvalidInput if there is no such one."""
    family, _, kind = stated["architecture"].partition("/")
    if family == torchvision_models.FAMILY:
        torchvision_models.weights_of(kind)
        return {"mechanism": torchvision_models.mechanism_of(kind)}
    if is_found(stated["architecture"]):
        if family == timm_models.FAMILY:
            timm_models.check_architecture(kind)
        else:  # its configuration may have to be downloaded, which is not done to list a card
            hub.check_name(stated["architecture"].removeprefix(HUB))
        return {"mechanism": mechanism(stated.get("mechanism", "plain")).slug}
    if family != "fovea":
        raise InvalidInput(
            "{name} needs '{key}': {meaning}.", name=name, key="architecture", meaning=CHECKS["architecture"][1]
        )
    return {"architecture": family, "mechanism": mechanism(kind or stated.get("mechanism", "")).slug}
