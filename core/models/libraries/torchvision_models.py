"""ImageNet models of torchvision: their cards, their architectures, and their weights, downloaded at first use.

Every classification model of torchvision can be loaded as ``torchvision/<name>``; those in ``LISTED`` are in the zoo.
``torchvision.json`` holds their metadata and ImageNet's classes, because to import torchvision takes seconds.
``python -m core.models.libraries.torchvision_models`` writes it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from core.files import first_line, put, to_json
from core.messages import Message
from core.models.files.download import download, place
from core.models.files.weights import Weights, read_weights
from core.models.torchvision_taps import adapt
from core.terms import imagenet_terms
from core.types import InvalidInput, ModelCard, Progress

if TYPE_CHECKING:
    from torchvision.models import WeightsEnum

FAMILY = "torchvision"
TABLE = Path(__file__).with_name("torchvision.json")

LISTED = {
    "resnet50": ("ResNet-50", "He et al., Deep residual learning for image recognition, CVPR 2016"),
    "convnext_tiny": ("ConvNeXt-Tiny", "Liu et al., A ConvNet for the 2020s, CVPR 2022"),
    "mobilenet_v3_large": ("MobileNetV3-Large", "Howard et al., Searching for MobileNetV3, ICCV 2019"),
    "efficientnet_b0": ("EfficientNet-B0", "Tan, Le, EfficientNet: rethinking model scaling, ICML 2019"),
    "regnet_y_400mf": ("RegNetY-400MF", "Radosavovic et al., Designing network design spaces, CVPR 2020"),
    "vit_b_16": ("ViT-B/16", "Dosovitskiy et al., An image is worth 16×16 words, ICLR 2021"),
    "swin_t": ("Swin-T", "Liu et al., Swin transformer: hierarchical vision transformer, ICCV 2021"),
    "maxvit_t": ("MaxViT-T", "Tu et al., MaxViT: multi-axis vision transformer, ECCV 2022"),
}

MECHANISMS = {
    "efficientnet": "squeeze-excitation",
    "mobilenetv3": "squeeze-excitation",
    "maxvit": "self-attention",
    "swin_transformer": "transformer",
    "vision_transformer": "transformer",
}
"""The attention in each of torchvision's files that has some; RegNetY is recognized by its name."""

LICENSE = Message("as published by torchvision (BSD-3-Clause)")
RENORMALIZED = ("googlenet", "inception_v3")
"""Their weights need RGB in -1..1; torchvision computes that from ImageNet's normalization inside the model."""
HALF = (0.5, 0.5, 0.5)


def names() -> tuple[str, ...]:
    """Every classification model of torchvision."""
    from torchvision import models

    return tuple(models.list_models(module=models))


def imagenet_classes() -> tuple[str, ...]:
    """The names of ImageNet's 1,000 classes."""
    return tuple(_table()["classes"])


def mechanism_of(name: str) -> str:
    """The slug of the mechanism nearest to the model's attention."""
    from torchvision import models

    if name.startswith("regnet_y"):
        return "squeeze-excitation"
    return MECHANISMS.get(models.get_model_builder(name).__module__.rsplit(".", 1)[-1], "plain")


def weights_of(name: str) -> WeightsEnum:
    """torchvision's best weights of a model; InvalidInput where there is no such model."""
    from torchvision import models

    if name not in names():
        raise InvalidInput(
            "torchvision has no classification model '{name}'. Choose one such as {models}.",
            name=name,
            models=list(LISTED),
        )
    return models.get_model_weights(name).DEFAULT


def make_card(name: str) -> ModelCard:
    """The card of a model, from torchvision's metadata of its weights; nothing is downloaded."""
    found = _table()["models"].get(name) or metadata(name)
    title, paper = LISTED.get(name, (name, ""))
    mean, std = (HALF, HALF) if name in RENORMALIZED else (tuple(found["mean"]), tuple(found["std"]))
    return ModelCard(
        slug=f"{FAMILY}/{name}",
        title=title,
        mechanism=found["mechanism"],
        classes=imagenet_classes(),
        accuracy=found["acc@1"] / 100,
        pictures=50_000,
        size=found["size"],
        mean=mean,
        std=std,
        architecture=f"{FAMILY}/{name}",
        resize=found["resize"],
        interpolation=found["interpolation"],
        facts={
            "data": "ImageNet-1K",
            "measured": Message(
                "by torchvision, on ImageNet's validation pictures with their short side resized to {resize} pixels "
                "and cut to {size}",
                resize=found["resize"],
                size=found["size"],
            ),
            "top5": found["acc@5"] / 100,
            "license": found["license"] or imagenet_terms(LICENSE),
            "paper": paper,
            "recipe": found["recipe"],
            "parameters": found["parameters"],
            "weights": found["weights"],
            "url": found["url"],
            "megabytes": found["megabytes"],
            "checksum": re.findall(r"-([0-9a-f]{8,64})\.", found["url"])[-1],
        },
    )


def metadata(name: str) -> dict[str, Any]:
    """torchvision's metadata of a model's best weights; InvalidInput where there is no such model."""
    weights = weights_of(name)
    meta, prepared = weights.meta, weights.transforms()
    return {
        "mechanism": mechanism_of(name),
        **meta["_metrics"]["ImageNet-1K"],
        "size": prepared.crop_size[0],
        "resize": prepared.resize_size[0],
        "interpolation": prepared.interpolation.value,
        "mean": prepared.mean,
        "std": prepared.std,
        "license": meta.get("license"),
        "recipe": meta["recipe"],
        "parameters": meta["num_params"],
        "weights": str(weights),
        "url": weights.url,
        "megabytes": meta["_file_size"],
    }


@cache
def _table() -> Mapping[str, Any]:
    return json.loads(TABLE.read_text(encoding="utf-8"))


def write() -> None:
    """Write the metadata of the models in the zoo, so that their cards need no import of torchvision."""
    classes = weights_of("resnet50").meta["categories"]
    content = {"classes": classes, "models": {name: metadata(name) for name in LISTED}}
    put(TABLE, to_json(content, indent=1).encode())


def renormalizes(card: ModelCard) -> bool:
    """Whether a card's model is one of ``RENORMALIZED`` that converts ImageNet's normalization itself.

    torchvision sets this (``transform_input``) for models that start from its weights, including fine-tuned ones. A
    card with a mean and std of 0.5, like ours, does not need it; ``transform_input`` in the card decides.
    """
    if card.architecture.partition("/")[2] not in RENORMALIZED:
        return False
    wanted = (tuple(card.mean), tuple(card.std)) == (HALF, HALF)
    return bool(card.facts.get("transform_input", not wanted))


def cards() -> tuple[ModelCard, ...]:
    """The cards of the models in the zoo; torchvision is not imported."""
    return tuple(make_card(name) for name in LISTED)


def build(name: str, classes: int, size: int) -> nn.Module:
    """A model with fresh weights, at the seam: (b, 3, size, size) -> logits (b, classes); InvalidInput as below."""
    return adapt(construct(name, classes, size))


def construct(name: str, classes: int, size: int, renormalize: bool = False) -> nn.Module:
    """A model with fresh weights as torchvision makes it: (b, 3, size, size) -> logits (b, classes).

    ``renormalize``: one of ``RENORMALIZED`` takes pictures in ImageNet's normalization and converts them for its
    weights.

    Raises:
        InvalidInput: torchvision has no such model, or it takes no pictures of that size.
    """
    from torchvision import models

    weights_of(name)
    settings: dict[str, object] = {"num_classes": classes}
    if name.startswith("vit_"):
        settings["image_size"] = size
    if name.startswith("maxvit"):
        settings["input_size"] = (size, size)
    if name in RENORMALIZED:
        settings |= {"aux_logits": False, "init_weights": False, "transform_input": renormalize}
    try:
        return models.get_model(name, weights=None, **settings)
    except (AssertionError, ValueError) as error:
        raise InvalidInput(
            "{name} cannot be built for pictures of {size} × {size} pixels: {reason}. Give another size.",
            name=name,
            size=size,
            reason=first_line(error),
        ) from error


def folder() -> Path:
    """The folder of torchvision's weights."""
    return Path(torch.hub.get_dir()) / "checkpoints"


def present(card: ModelCard) -> bool:
    """Whether the weights of a card are on this machine."""
    return place(card.facts["url"], folder()).is_file()


def fetch(card: ModelCard, progress: Progress | None = None) -> Weights:
    """The weights of a card, downloaded if they are not here; ``progress(done, total)`` counts bytes.

    Raises:
        InvalidInput: they cannot be downloaded, with the address and path of the file; or they are damaged.
    """
    path = download(card.facts["url"], folder(), progress)
    return renamed(read_weights(path, str(path)))


def renamed(weights: Weights) -> Weights:
    """Rename the weights of old files as in the present modules, without heads that are only for training."""
    dense, heads = re.compile(r"(denselayer\d+\.(?:norm|conv))\.(\d\.)"), re.compile(r"(.*\.)?(AuxLogits|aux[12])\.")
    kept = {key: tensor for key, tensor in weights.items() if not heads.match(key)}
    return {dense.sub(r"\1\2", key): tensor for key, tensor in kept.items()}


if __name__ == "__main__":
    write()
