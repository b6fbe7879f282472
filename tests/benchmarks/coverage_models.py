"""The models of ``coverage``: the smallest of each of timm's families, and small ones of transformers and open_clip."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import cache, partial
from typing import Any

import open_clip
import timm
import torch
import transformers
from timm.models import _registry as registry
from torch import nn

from core.models.libraries.clip_models import zero_shot
from core.types import ModelCard

CLASSES = ("ash", "birch", "cedar", "elm", "fir")
NAMED = {"id2label": dict(enumerate(CLASSES)), "label2id": {name: at for at, name in enumerate(CLASSES)}}
PLAIN = {"hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 128}
SIDE = {"image_size": 64, "patch_size": 8}
VIT = PLAIN | SIDE
SWIN = {"image_size": 64, "patch_size": 4, "embed_dim": 32, "depths": [2, 2], "num_heads": [2, 4], "window_size": 4}
CLIP = {"vision_config": VIT | {"projection_dim": 32}, "text_config": PLAIN | {"vocab_size": 100}}
TRANSFORMERS: dict[str, dict[str, Any]] = {
    "ViT": VIT,
    "DeiT": VIT,
    "Beit": VIT | {"use_relative_position_bias": True},
    "Data2VecVision": VIT,
    "ViTMSN": VIT,
    "IJepa": VIT,
    "Dinov2": {"hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "image_size": 56, "patch_size": 14},
    "Dinov2WithRegisters": {
        "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "image_size": 56, "patch_size": 14
    },
    "Swin": SWIN,
    "Swinv2": SWIN,
    "Hiera": {"embed_dim": 32, "image_size": [64, 64], "depths": [1, 1], "num_heads": [2, 4], "num_query_pool": 1,
              "query_stride": [2, 2], "masked_unit_size": [4, 4], "patch_stride": [4, 4], "patch_kernel": [7, 7]},
    "ConvNext": {"hidden_sizes": [16, 32, 48, 64], "depths": [1, 1, 1, 1], "image_size": 64},
    "ConvNextV2": {"hidden_sizes": [16, 32, 48, 64], "depths": [1, 1, 1, 1], "image_size": 64},
    "ResNet": {"embedding_size": 16, "hidden_sizes": [16, 32, 48, 64], "depths": [1, 1, 1, 1], "layer_type": "basic"},
    "RegNet": {"embedding_size": 16, "hidden_sizes": [16, 32, 48, 64], "depths": [1, 1, 1, 1], "groups_width": 16},
    "EfficientNet": {"image_size": 64, "width_coefficient": 0.5, "depth_coefficient": 0.5, "hidden_dim": 640},
    "MobileViT": {"image_size": 64, "hidden_sizes": [32, 48, 64], "neck_hidden_sizes": [8, 16, 24, 32, 48, 64, 96]},
    "MobileViTV2": {"image_size": 64, "width_multiplier": 0.5},
    "Pvt": {"image_size": 64, "num_labels": 5, "hidden_sizes": [16, 32, 80, 64], "depths": [1, 1, 1, 1]},
    "PvtV2": {"image_size": 64, "hidden_sizes": [16, 32, 80, 64], "depths": [1, 1, 1, 1]},
    "Cvt": {"embed_dim": [16, 32, 48], "num_heads": [1, 2, 3], "depth": [1, 2, 3]},
    "Levit": {"image_size": 64, "hidden_sizes": [32, 48, 64], "num_attention_heads": [2, 3, 4], "depths": [1, 1, 1]},
    "Segformer": {"hidden_sizes": [16, 32, 48, 64], "depths": [1, 1, 1, 1]},
    "PoolFormer": {"hidden_sizes": [16, 32, 48, 64], "depths": [1, 1, 1, 1]},
    "PPLCNet": {},
    "FocalNet": {"image_size": 64, "embed_dim": 32, "depths": [1, 1, 1, 1]},
    "Siglip": {"vision_config": VIT},
    "Siglip2": {"vision_config": PLAIN | {"num_patches": 64, "patch_size": 8}},
    "CLIP": CLIP,
}  # fmt: skip
"""Architectures of transformers that end in ``ForImageClassification``, with a small configuration each."""
TOWERS: dict[str, dict[str, Any]] = {
    "ViT": {"image_size": 64, "layers": 2, "width": 64, "head_width": 16, "patch_size": 8},
    "ResNet": {"image_size": 64, "layers": [1, 1, 1, 1], "width": 16},
}
"""The two image towers of open_clip's CLIP."""

Build = Callable[[], nn.Module]


@cache
def smallest() -> dict[str, str]:
    """Of each of timm's families, which are its modules, the model with the fewest parameters."""
    found: dict[str, tuple[int, str]] = {}
    for name in timm.list_models():
        with torch.device("meta"):
            try:
                module = timm.create_model(name)
            except Exception:  # a few need real tensors to be made
                continue
        if not module.num_classes:  # no classifier
            continue
        size = sum(one.numel() for one in module.parameters())
        family = registry._model_to_module[name]
        found[family] = min(found.get(family, (size, name)), (size, name))
    return {family: name for family, (_, name) in sorted(found.items())}


def of_timm(name: str) -> nn.Module:
    """A model of timm with random weights."""
    return timm.create_model(name, pretrained=False)


def of_transformers(kind: str) -> nn.Module:
    """A small classifier of transformers with random weights."""
    made = getattr(transformers, f"{kind}ForImageClassification")
    return made(made.config_class(**TRANSFORMERS[kind], **NAMED))


def of_open_clip(tower: str) -> nn.Module:
    """A zero-shot classifier of five random texts, with a small image tower."""
    text = {"context_length": 16, "vocab_size": 100, "width": 32, "heads": 2, "layers": 2}
    model = open_clip.CLIP(embed_dim=32, vision_cfg=TOWERS[tower], text_cfg=text).eval()
    return zero_shot(model, torch.randint(1, 99, (5, 16)))


def families(known: Collection[str] = ()) -> dict[str, tuple[Build, ModelCard | None]]:
    """Every model by its name, with what builds it and the card that it needs, if it does not state its classes.

    The smallest model of each family of timm is among ``known``; without these names it is searched, for minutes.
    """
    of_families = [name.removeprefix("timm/") for name in known if name.startswith("timm/")]
    card = ModelCard("own/clip", "clip", "transformer", CLASSES, size=64)
    return {
        **{f"timm/{name}": (partial(of_timm, name), None) for name in of_families or smallest().values()},
        **{f"transformers/{kind}": (partial(of_transformers, kind), None) for kind in TRANSFORMERS},
        **{f"open_clip/{tower}": (partial(of_open_clip, tower), card) for tower in TOWERS},
    }
