"""Models of timm by name: ``timm/<architecture>.<tag>``, or without a tag for timm's own choice of weights.

timm has 1,371 architectures; those in ``LISTED`` are in the zoo. timm is imported when the first model is requested.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

from core.files import first_line
from core.models.files.download import download, place
from core.models.files.integrity import check_numbers
from core.models.files.weights_file import read_weights
from core.models.importing import library
from core.models.libraries import hub, torchvision_models
from core.models.libraries.described import describe, with_mechanism
from core.models.naming import nearest
from core.models.torchvision_taps import adapt
from core.terms import imagenet_terms
from core.types import InvalidInput, ModelCard, Progress

FAMILY = "timm"
FILES = ("model.safetensors", "pytorch_model.bin")
BYTES = 4  # of a parameter

IMAGENET = (ModelCard.mean, ModelCard.std)
HALF = ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
VIT = "Steiner et al., How to train your ViT?, TMLR 2022"
REG = "Darcet et al., Vision transformers need registers, ICLR 2024"
DEIT = "Touvron et al., Training data-efficient image transformers & distillation through attention, ICML 2021"
CAIT = "Touvron et al., Going deeper with image transformers, ICCV 2021"
BEIT = "Bao et al., BEiT: BERT pre-training of image transformers, ICLR 2022"
SWIN = "Liu et al., Swin transformer: hierarchical vision transformer, ICCV 2021"
COATNET = "Dai et al., CoAtNet: marrying convolution and attention for all data sizes, NeurIPS 2021"
SE = "Hu et al., Squeeze-and-excitation networks, CVPR 2018"
ECA = "Wang et al., ECA-Net: efficient channel attention, CVPR 2020"
CONVNEXT = "Woo et al., ConvNeXt V2: co-designing and scaling ConvNets with masked autoencoders, CVPR 2023"
MOBILENET = "Qin et al., MobileNetV4: universal models for the mobile ecosystem, ECCV 2024"

LISTED = {
    "vit_tiny_patch16_224.augreg_in21k_ft_in1k": ("ViT-Ti/16", "transformer", 224, 248, HALF, 5.7, VIT),
    "vit_small_patch16_224.augreg_in21k_ft_in1k": ("ViT-S/16", "transformer", 224, 248, HALF, 22.1, VIT),
    "vit_little_patch16_reg4_gap_256.sbb_in1k": (
        "ViT-little with registers",
        "transformer",
        256,
        269,
        HALF,
        22.5,
        REG,
    ),
    "deit_tiny_distilled_patch16_224.fb_in1k": ("DeiT-Ti, distilled", "transformer", 224, 248, IMAGENET, 5.9, DEIT),
    "cait_xxs24_224.fb_dist_in1k": ("CaiT-XXS24", "transformer", 224, 224, IMAGENET, 12.0, CAIT),
    "beit_base_patch16_224.in22k_ft_in22k_in1k": ("BEiT-B/16", "transformer", 224, 248, HALF, 86.5, BEIT),
    "swin_tiny_patch4_window7_224.ms_in1k": ("Swin-T of timm", "transformer", 224, 248, IMAGENET, 28.3, SWIN),
    "coatnet_nano_rw_224.sw_in1k": ("CoAtNet-Nano", "self-attention", 224, 248, HALF, 15.1, COATNET),
    "seresnet50.a1_in1k": ("SE-ResNet-50", "squeeze-excitation", 224, 235, IMAGENET, 28.1, SE),
    "ecaresnet26t.ra2_in1k": ("ECA-ResNet-26", "squeeze-excitation", 256, 292, IMAGENET, 16.0, ECA),
    "convnextv2_atto.fcmae_ft_in1k": ("ConvNeXt-V2-Atto", "plain", 224, 256, IMAGENET, 3.7, CONVNEXT),
    "mobilenetv4_conv_small.e2400_r224_in1k": ("MobileNetV4-Small", "plain", 224, 256, IMAGENET, 3.8, MOBILENET),
}
"""Title, mechanism, size, resized short side, mean and deviation, millions of parameters, paper."""
LICENSES = {"swin_tiny_patch4_window7_224.ms_in1k": "mit", "convnextv2_atto.fcmae_ft_in1k": "cc-by-nc-4.0"}
"""The licenses of their weights, where these are not Apache's."""


def names() -> tuple[str, ...]:
    """Every architecture of timm."""
    return tuple(library("timm").list_models())


def tags(name: str) -> tuple[str, ...]:
    """The weights that timm has for an architecture and that have classes, its own choice first."""
    timm = library("timm")
    first = timm.get_pretrained_cfg(name)
    found = timm.list_pretrained(f"{name}.*")
    own = [one.partition(".")[2] for one in found if timm.get_pretrained_cfg(one).num_classes]
    return tuple(sorted(own, key=lambda tag: first is None or tag != first.tag))


def listed_card(name: str) -> ModelCard:
    """The card of a model in the list, without timm."""
    title, mechanism, size, resize, (mean, std), millions, paper = LISTED[name]
    return ModelCard(
        slug=f"{FAMILY}/{name}",
        title=title,
        mechanism=mechanism,
        classes=torchvision_models.imagenet_classes(),
        size=size,
        mean=mean,
        std=std,
        architecture=f"{FAMILY}/{name.partition('.')[0]}",
        resize=resize,
        interpolation="bicubic",
        facts={
            "data": "ImageNet-1K",
            "license": imagenet_terms(LICENSES.get(name, "apache-2.0")),
            "paper": paper,
            "repository": f"timm/{name}",
            "megabytes": millions * BYTES,
        },
    )


def cards() -> tuple[ModelCard, ...]:
    """The cards of the models in the zoo; timm is not imported."""
    return tuple(map(listed_card, LISTED))


def check_architecture(name: str) -> None:
    """Refuse a name that is no architecture of timm, with the nearest names."""
    if library("timm").is_model(name):
        return
    near = nearest(name, names())
    if not near:
        raise InvalidInput("timm has no architecture '{name}'. Names look like vit_tiny_patch16_224.", name=name)
    raise InvalidInput("timm has no architecture '{name}'. The most similar are: {models}.", name=name, models=near)


def find_settings(architecture: str) -> Any | None:
    """timm's settings of its default weights of an architecture; None where it has none."""
    return library("timm").get_pretrained_cfg(architecture)


def settings_of(name: str) -> Any:
    """timm's settings of the weights ``<architecture>.<tag>``, with the default tag if there is none.

    Raises:
        InvalidInput: there are no such weights, or they have no classes; with the nearest names.
    """
    timm, architecture = library("timm"), name.partition(".")[0]
    check_architecture(architecture)
    settings = timm.get_pretrained_cfg(name, allow_unregistered=False) if tag_exists(name) else None
    if settings is None or not (settings.hf_hub_id or settings.url):
        offered = tags(architecture)
        if not offered:
            raise InvalidInput(
                "timm has no weights for {architecture}. Choose an architecture with weights, such as {models}.",
                architecture=architecture,
                models=list(LISTED)[:2],
            )
        raise InvalidInput(
            "timm has no weights '{name}'. For {architecture} it has: {tags}.",
            name=name,
            architecture=architecture,
            tags=[f"{architecture}.{one}" for one in offered],
        )
    return settings


def tag_exists(name: str) -> bool:
    """Whether timm has weights of that name, or the name has no tag."""
    return "." not in name or name in library("timm").list_pretrained(f"{name.partition('.')[0]}.*")


def make_card(name: str) -> ModelCard:
    """The card of a model by its name, without its weights: its architecture is built without memory.

    Raises:
        InvalidInput: there are no such weights, or they have no classes.
    """
    if name in LISTED:
        return listed_card(name)
    settings = settings_of(name)
    full = ".".join(filter(None, (settings.architecture, settings.tag)))
    if full in LISTED:
        return listed_card(full)
    if not settings.num_classes:
        raise InvalidInput(
            "The weights {name} have no classes, because they output features. Choose others, such as {models}.",
            name=full,
            models=[f"{settings.architecture}.{tag}" for tag in tags(settings.architecture)] or list(LISTED)[:2],
        )
    with torch.device("meta"):
        module = library("timm").create_model(full)
    count = sum(one.numel() for one in module.parameters())
    card = with_mechanism(describe(module, f"{FAMILY}/{full}"), adapt(module))
    card.facts.update(source(settings), parameters=count, megabytes=count * BYTES / 1e6)
    return replace(card, architecture=f"{FAMILY}/{settings.architecture}")


def construct(name: str, classes: int, size: int, **settings: Any) -> nn.Module:
    """An architecture with fresh weights, for pictures of a size if it must know it.

    Raises:
        InvalidInput: there is no such architecture, or it cannot be built with these settings.
    """
    timm = library("timm")
    check_architecture(name)
    usual = getattr(timm.get_pretrained_cfg(name), "input_size", (3, size, size))[-1]
    sized = {"img_size": size} if size != usual and "img_size" not in settings else {}
    failure: Exception | None = None
    for given in (sized, {}):
        try:
            return timm.create_model(name, pretrained=False, num_classes=classes, **given, **settings)
        except Exception as error:  # a constructor may raise anything for a setting that it does not know
            failure = error
    raise InvalidInput(
        "{name} cannot be built for pictures of {size} × {size} pixels: {reason}. Correct its settings.",
        name=name,
        size=size,
        reason=first_line(failure or ValueError()),
    ) from failure


def source(settings: Any) -> dict[str, str]:
    """Where the weights come from: a repository of the hub, or an address."""
    if settings.hf_hub_id:
        file = {"file": settings.hf_hub_filename} if settings.hf_hub_filename else {}
        return {"repository": settings.hf_hub_id, **file}
    return {"url": settings.url}


def files_of(card: ModelCard) -> tuple[str, ...]:
    """The files of weights to look for in the card's repository, the first one first."""
    return (card.facts["file"],) if "file" in card.facts else FILES


def present(card: ModelCard) -> bool:
    """Whether the weights of a card are on this machine."""
    if "url" in card.facts:
        return place(card.facts["url"], torchvision_models.folder()).is_file()
    return any(hub.find_file(card.facts["repository"], file) for file in files_of(card))


def fetch(card: ModelCard, progress: Progress | None = None) -> Path:
    """The file of a card's weights, downloaded if it is not here; ``progress(done, total)`` counts bytes."""
    if "url" in card.facts:
        return download(card.facts["url"], torchvision_models.folder(), progress)
    return hub.fetch(card.facts["repository"], files_of(card), progress)


def build(card: ModelCard, progress: Progress | None = None) -> tuple[ModelCard, nn.Module]:
    """The card, and its model with its weights as timm loads them.

    Raises:
        InvalidInput: timm is not installed, or the weights cannot be downloaded, are damaged or do not match.
    """
    timm, name = library("timm"), card.slug.partition("/")[2]
    path = fetch(card, progress)
    weights = read_weights(path, path.name)
    try:
        # timm converts weights in their authors' format; "state_dict" stands for the file that it would download.
        module = timm.create_model(name, pretrained=True, pretrained_cfg_overlay={"state_dict": weights})
    except (RuntimeError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InvalidInput(
            "The weights of {model} in {path} do not match its architecture: {reason}. Delete the file, and load the "
            "model again.",
            model=card.slug,
            path=path,
            reason=first_line(error),
        ) from error
    module.pretrained_cfg.pop("state_dict", None)  # else each copy of the module would hold the file as well
    check_numbers(module, card.slug)
    return card, module
