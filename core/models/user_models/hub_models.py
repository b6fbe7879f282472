"""Models of the Hugging Face hub by name, ``hf:<owner>/<name>``: classifiers of transformers, and of timm.

``with_weights`` fills the architecture of such a model with a user's weights and classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import nn

from core.models.files.weights import Weights
from core.models.libraries import hub
from core.models.libraries.described import USUAL
from core.models.libraries.image_processors import framing, moments, settled, side, usual_moments
from core.models.libraries.torchvision_models import imagenet_classes
from core.models.user_models.saved import open_saved, read_config, transformers_module
from core.models.user_models.saved_files import CONFIG, WEIGHTS, HubFiles, read_preprocessing
from core.models.user_models.saved_timm import is_timm, timm_module
from core.models.user_models.user_card import HUB
from core.terms import imagenet_terms
from core.types import ModelCard, Progress

PREFIX = HUB
REGISTERS = ModelCard(
    slug=f"{PREFIX}facebook/dinov2-with-registers-small-imagenet1k-1-layer",
    title="DINOv2-S/14 with registers",
    mechanism="transformer",
    classes=imagenet_classes(),
    size=224,
    architecture="module",
    resize=256,
    interpolation="bicubic",
    facts={
        "data": "ImageNet-1K",
        "license": imagenet_terms("apache-2.0"),
        "paper": "Darcet et al., Vision transformers need registers, ICLR 2024",
        "repository": "facebook/dinov2-with-registers-small-imagenet1k-1-layer",
        "megabytes": 91.3,
    },
)


def cards() -> tuple[ModelCard, ...]:
    """The card of one with registers, for timm has none with classes; the hub has too many to list more."""
    return (REGISTERS,)


def make_card(name: str) -> ModelCard:
    """A first card of a model: its configuration is downloaded, and its weights state the rest.

    Raises:
        InvalidInput: there is no such model, or it is not one to open.
    """
    if PREFIX + name == REGISTERS.slug:
        return REGISTERS
    config = read_config(HubFiles(name))
    labels = config.get("id2label")
    names = tuple(dict.fromkeys(map(str, labels.values()))) if isinstance(labels, dict) else ()
    return ModelCard(
        slug=PREFIX + name,
        title=name.rpartition("/")[2],
        mechanism="plain",
        classes=names or ("class 0", "class 1"),
        architecture="module",
        facts={"repository": name},
    )


def present(card: ModelCard) -> bool:
    """Whether the weights of a card are on this machine."""
    return any(hub.find_file(card.facts["repository"], file) for file in WEIGHTS)


def build(card: ModelCard, progress: Progress | None = None) -> tuple[ModelCard, nn.Module]:
    """The model with its weights, and its card."""
    with torch.device("cpu"):
        found, module = open_saved(HubFiles(card.facts["repository"], progress), card.slug)
    found.facts.update(card.facts)
    return replace(found, title=card.title), module


def with_weights(name: str, classes: Sequence[str], weights: Weights, title: str) -> nn.Module:
    """The architecture of a model with other weights and classes; only its configuration is downloaded.

    Raises:
        InvalidInput: there is no such model, it is not one to open, or the weights do not match; ``title`` is the name
            of the weights in messages.
    """
    config = read_config(HubFiles(name))
    size = sum(one.numel() * one.element_size() for one in weights.values())
    if is_timm(config):
        return timm_module(config | {"num_classes": len(classes)}, weights, size, title)
    own = {key: one for key, one in config.items() if key not in ("architectures", "num_labels")}
    named = [one for one in config.get("architectures") or () if "ImageClassification" in str(one)]  # not of features
    labels = {"id2label": dict(enumerate(classes)), "label2id": {one: at for at, one in enumerate(classes)}}
    return transformers_module(own | labels | ({"architectures": named} if named else {}), weights, size, title)


def usual(name: str) -> tuple[int, tuple[float, float, float], tuple[float, float, float]]:
    """Size, mean and deviation of a model; its configuration and preprocessing are downloaded, not its weights.

    Raises:
        InvalidInput: there is no such model, or it is not one to open.
    """
    files = HubFiles(name, main=(CONFIG,))
    config = read_config(files)
    if is_timm(config):
        stated = config.get("pretrained_cfg") or config
        prepared = {"image_mean": stated.get("mean"), "image_std": stated.get("std")}
        sizes: Any = stated.get("input_size")
    else:
        kind, stated = str(config.get("model_type")), read_preprocessing(files)
        prepared = dict(usual_moments(kind) if stated is None else settled(stated, kind))
        own, default = config.get("image_size"), framing(prepared)[0]
        sizes = default or own if (stated or {}).keys() & {"size", "crop_size"} else own or default
    found = side(sizes[1:]) if isinstance(sizes, list | tuple) and len(sizes) == 3 else side(sizes)
    return found or USUAL, *moments(prepared)
