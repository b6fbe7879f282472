"""The card of a model that describes itself: timm's and Hugging Face transformers' models state size and classes.

timm: ``pretrained_cfg`` has the size, mean, deviation, crop and interpolation of the weights. transformers: ``config``
has the size and the names of the classes; mean, deviation and resizing are in the file of the image processor,
``preprocessor_config.json`` or ``processor_config.json``, and without it are those that its architecture is usually
trained with. What is assumed or differs is stated in ``facts["assumed"]``, a list of sentences.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from math import isqrt
from typing import Any

from torch import nn

from core.attention.tap import taps
from core.images import INTERPOLATIONS
from core.messages import Message
from core.models.channels import check_input, not_color
from core.models.libraries.image_processors import (
    BICUBIC,
    IMAGENET_MEAN,
    IMAGENET_STD,
    framing,
    given,
    interpolation,
    moments,
    settled,
    side,
    triple,
    usual_moments,
)
from core.models.libraries.torchvision_models import imagenet_classes
from core.types import SIGMOID, InvalidInput, ModelCard

ASSUMED = "assumed"
"""The key of a card's facts for sentences about what was assumed."""

CHANNELS, FLIPPED = "channels", "BGR"
"""The key of a card's facts, and its value, for a model that takes blue first."""

MULTI_LABEL = "multi_label_classification"
"""The ``problem_type`` of a configuration of transformers whose classes do not exclude each other."""

REGRESSION = "regression"
"""The ``problem_type`` of a model whose outputs are numbers, not classes."""

PATCH, CUT = "patch", "siglip2"
"""The key of a card's facts for the pixels of a patch, and the architecture that takes pictures cut into patches."""

LONGEST = 200
"""The most letters of a class name on a card."""
USUAL = 224


def describe(module: nn.Module, slug: str, prepared: Mapping[str, Any] | None = None) -> ModelCard:
    """The card of a classifier of timm or transformers, without ``mechanism``: see ``with_mechanism``.

    ``prepared`` is the settings of the image processor next to the weights of a transformers model.

    Raises:
        InvalidInput: the module does not describe itself, has no classes, or takes no square color pictures.
    """
    config, settings = getattr(module, "config", None), settings_of(module)
    if getattr(config, "problem_type", None) == REGRESSION:
        raise not_classes(name_of(module))
    if settings is not None:
        return timm_card(module, settings, slug)
    if config is not None and hasattr(config, "id2label"):
        # a model of timm within one of transformers: its settings are in the configuration only once it was saved
        inner = getattr(config, "pretrained_cfg", None) or settings_of(getattr(module, "timm_model", module))
        if isinstance(inner, Mapping):
            card = named(timm_card(module, inner, slug, len(config.id2label)), labels(config))
        else:
            card = transformers_card(module, slug, prepared)
        return independent(card) if getattr(config, "problem_type", None) == MULTI_LABEL else card
    raise InvalidInput(
        "A {kind} does not state its classes and its input size. Give a ModelCard that does: adopt(module, card).",
        kind=type(module).__name__,
    )


def not_classes(name: str) -> InvalidInput:
    """The error for a model of regression; ``name`` is what it is called."""
    return InvalidInput(
        "The configuration of {model} states problem_type={kind}, so its outputs are numbers, not the scores of "
        "classes. Choose a classifier; if it is one, correct problem_type.",
        model=name,
        kind=REGRESSION,
    )


def name_of(module: nn.Module) -> str:
    """The name of a model: that of its architecture in timm, or of its class."""
    return str((settings_of(module) or {}).get("architecture") or type(module).__name__)


def with_mechanism(card: ModelCard, module: nn.Module) -> ModelCard:
    """The card with the mechanism that is nearest to the attention found in a module."""
    kinds = [tap.kind for tap in taps(module).values()]
    convolutions = sum(isinstance(one, nn.Conv2d) for one in module.modules())
    comparing = [tap for tap in taps(module).values() if tap.kind.compares]
    if comparing and all(tap.off is None for tap in comparing):  # one query of its own, which "off" would leave nothing
        return replace(card, mechanism="attention-pooling")
    if comparing:
        return replace(card, mechanism="transformer" if convolutions <= len(kinds) else "self-attention")
    if any(kind.on_picture for kind in kinds):
        both = any(not kind.on_picture for kind in kinds)
        return replace(card, mechanism="cbam" if both else "spatial-gate")
    return replace(card, mechanism="squeeze-excitation" if kinds else "plain")


def settings_of(module: nn.Module) -> Mapping[str, Any] | None:
    """timm's settings for the weights of a model; None for any other module."""
    found = getattr(module, "pretrained_cfg", getattr(module, "default_cfg", None))
    if found is not None and not isinstance(found, Mapping) and hasattr(found, "to_dict"):
        found = found.to_dict()
    return found if isinstance(found, Mapping) and "input_size" in found else None


def timm_card(module: nn.Module, settings: Mapping[str, Any], slug: str, count: int | None = None) -> ModelCard:
    """The card of a model of timm, by its ``settings`` and the number of its classes."""
    count = int(count or getattr(module, "num_classes", 0) or 0)
    if count < 1:
        raise InvalidInput(
            "The model {slug} has no classes. Create it with num_classes, or load weights that have a classifier.",
            slug=slug,
        )
    channels, *sides = settings["input_size"]
    built = getattr(getattr(module, "patch_embed", None), "img_size", None)
    height, width = built if isinstance(built, tuple) and len(built) == 2 else sides
    if channels != 3 or height != width:
        raise InvalidInput(
            "The model {slug} takes pictures of {size}. Choose a model for square color pictures.",
            slug=slug,
            size=f"{channels} × {height} × {width}",
        )
    assumed = []
    stated = str(settings.get("interpolation"))
    if settings.get("crop_mode", "center") != "center":
        assumed.append(SQUASHED)
    classes = timm_classes(settings, count)
    if classes is None:
        classes = numbered(count)
        assumed.append(NUMBERED)
    facts = {"license": str(settings["license"])} if settings.get("license") else {}
    return ModelCard(
        slug=slug,
        title=title_of(slug, name_of(module)),
        mechanism="plain",
        classes=classes,
        size=int(height),
        mean=triple(settings.get("mean", IMAGENET_MEAN)),
        std=triple(settings.get("std", IMAGENET_STD)),
        resize=int(height / float(settings.get("crop_pct") or 1)),
        interpolation=stated if stated in INTERPOLATIONS.values() else BICUBIC,
        architecture="module",
        facts={**facts, ASSUMED: assumed},
    )


def timm_classes(settings: Mapping[str, Any], count: int) -> tuple[str, ...] | None:
    """The names of ``count`` classes by timm's settings, or those of the ImageNet with that number; None if unknown."""
    own = settings.get("label_names")
    if own and len(own) == count:
        words = settings.get("label_descriptions") or {}
        return distinct(words.get(one, one) if isinstance(words, Mapping) else one for one in own)
    return imagenet(count) if count == settings.get("num_classes") else None


@cache
def imagenet(count: int) -> tuple[str, ...] | None:
    """The classes of the ImageNet subset with that number of classes, which all differ; None if there is none."""
    if count == 1000:
        return imagenet_classes()
    from timm.data.imagenet_info import ImageNetInfo, infer_imagenet_subset

    subset = infer_imagenet_subset({"num_classes": count})
    return distinct(ImageNetInfo(subset).label_descriptions()) if subset else None


def transformers_card(module: nn.Module, slug: str, prepared: Mapping[str, Any] | None) -> ModelCard:
    """The card of a model of transformers, by its ``config`` and its image processor's settings."""
    config: Any = module.config
    if "ImageClassification" not in type(module).__name__:
        raise InvalidInput(
            "{kind} has no classes. Load it with AutoModelForImageClassification.", kind=type(module).__name__
        )
    check_input(config.model_type, type(module).__name__)
    assumed, stated = [], prepared is not None
    prepared = usual_moments(config.model_type) if prepared is None else settled(prepared, config.model_type)
    size, resize, cut = framing(prepared)
    facts: dict[str, Any] = {CHANNELS: FLIPPED} if prepared.get("do_flip_channel_order") else {}
    inner = getattr(config, "vision_config", config)  # of a model of pictures and texts
    size = size or side(getattr(inner, "image_size", None)) or USUAL
    if config.model_type == CUT:  # the processor resizes each picture to the most patches of its shape
        patch = int(inner.patch_size)
        size, resize = patch * isqrt(int(given(prepared, "max_num_patches", inner.num_patches))), None
        facts[PATCH] = patch
        assumed.append(SHAPED)
    elif not given(prepared, "do_resize", True):
        assumed.append(UNSIZED)
    elif not cut:
        assumed.append(SQUASHED)
    if getattr(inner, "num_channels", 3) != 3:
        raise not_color(slug, inner.num_channels)
    mean, std = moments(prepared)
    if not stated:
        assumed.append(unstated(size, mean, std))
    return ModelCard(
        slug=slug,
        title=title_of(slug, name_of(module)),
        mechanism="plain",
        classes=labels(config),
        size=size,
        mean=mean,
        std=std,
        resize=max(resize, size) if resize else None,
        interpolation=interpolation(prepared),
        architecture="module",
        facts={**facts, ASSUMED: assumed},
    )


def unstated(size: int, mean: Iterable[float], std: Iterable[float]) -> Message:
    """That the preprocessing of a model is not stored with it, and what is assumed."""
    return Message(
        "The preprocessing is not stored with the model. An input of {size} × {size} "
        "pixels with mean {mean} and standard deviation {std} is assumed.",
        mean=list(mean),
        std=list(std),
        size=size,
    )


NUMBERED = Message("The class names are not stored with the model, so the classes are numbered.")
SQUASHED = Message(
    "The model's own preprocessing stretches the picture to a square. Here, the "
    "largest central square is cropped instead."
)
UNSIZED = Message(
    "The model's own preprocessing does not resize pictures. Here, the largest central square is cropped and resized."
)

SHAPED = Message(
    "The model's own preprocessing keeps the shape of the picture. Here, the largest central square is cropped and "
    "resized."
)

INDEPENDENT = Message(
    "The configuration of the model states problem_type={kind}, so each class has its own probability (a sigmoid).",
    kind=MULTI_LABEL,
)


def labels(config: Any) -> tuple[str, ...]:
    """The names of a transformers model's classes, in the order of its outputs."""
    found = {int(index): str(name) for index, name in config.id2label.items()}
    return distinct(found.get(index, str(index)) for index in range(len(found)))


def independent(card: ModelCard) -> ModelCard:
    """The card of a model that transformers trained with a sigmoid for each label, which it names in a note."""
    return replace(card, output=SIGMOID, facts={**card.facts, ASSUMED: [*card.facts[ASSUMED], INDEPENDENT]})


def named(card: ModelCard, classes: tuple[str, ...]) -> ModelCard:
    """The card with other names of its classes."""
    assumed = [one for one in card.facts[ASSUMED] if one != NUMBERED]
    return replace(card, classes=classes, facts={**card.facts, ASSUMED: assumed})


def distinct(names: Iterable[str]) -> tuple[str, ...]:
    """The names with a number behind each that is already taken, of a length that a card allows."""
    taken: dict[str, None] = {}
    for index, name in enumerate(names):
        name = name.strip()[: LONGEST - 10] or str(index)
        taken[f"{name} ({index})" if name in taken else name] = None
    return tuple(taken)


def numbered(count: int) -> tuple[str, ...]:
    """Names for classes that have none."""
    return tuple(f"class {index}" for index in range(count))


def title_of(slug: str, name: str) -> str:
    """A title: the last part of the slug, or the name of the architecture."""
    return slug.rpartition("/")[2] or name
