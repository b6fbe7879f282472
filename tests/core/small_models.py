"""Small instances of torchvision's architectures with drawn weights, for tests: fresh ones answer the same to all."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import torch
from torch import Tensor, nn
from torchvision import models
from torchvision.models.convnext import CNBlockConfig, ConvNeXt
from torchvision.models.maxvit import MaxVit
from torchvision.models.swin_transformer import (
    PatchMergingV2,
    SwinTransformer,
    SwinTransformerBlockV2,
)

from tests.conftest import CLASSES, redraw

K = len(CLASSES)
SWIN = {"patch_size": [2, 2], "embed_dim": 16, "depths": [2, 2], "num_heads": [2, 4], "window_size": [4, 4]}
CONVNEXT = [CNBlockConfig(16, 32, 2), CNBlockConfig(32, None, 2)]

SMALL: dict[str, tuple[Callable[[], nn.Module], int]] = {
    "resnet": (lambda: models.resnet18(num_classes=K), 64),
    "convnext": (lambda: ConvNeXt(CONVNEXT, num_classes=K), 32),
    "mobilenet": (lambda: models.mobilenet_v3_small(num_classes=K), 64),
    "efficientnet": (lambda: models.efficientnet_b0(num_classes=K), 64),
    "regnet": (lambda: models.regnet_y_400mf(num_classes=K), 64),
    "densenet": (lambda: models.densenet121(num_classes=K), 64),
    "vit": (lambda: models.VisionTransformer(32, 8, 3, 4, 32, 64, num_classes=K), 32),
    "swin": (lambda: SwinTransformer(**SWIN, num_classes=K), 26),  # 13 × 13 cells: windows of 4 need padding
    "swin-v2": (
        lambda: SwinTransformer(**SWIN, num_classes=K, block=SwinTransformerBlockV2, downsample_layer=PatchMergingV2),
        26,
    ),
    "maxvit": (lambda: MaxVit((64, 64), 16, 4, [16, 32], [1, 2], 8, 0.2, num_classes=K), 64),
}
"""How to make each, and the side of its pictures."""


def pictures(size: int, count: int = 4) -> Tensor:
    """Pictures (count, 3, size, size) of smooth noise that differ from each other."""
    coarse = torch.randn(count, 3, 8, 8, generator=torch.Generator().manual_seed(7))
    return nn.functional.interpolate(coarse, (size, size), mode="bilinear") * 2


def spread(logits: Tensor) -> float:
    """How far the logits of different pictures differ: the standard deviation over pictures, mean over classes."""
    return logits.std(0).mean().item()


def enliven(module: nn.Module, size: int) -> nn.Module:
    """Draw all weights, then stretch the last layer until the logits of different pictures have a spread of 2.

    BatchNorm takes its statistics from pictures, as in training: with drawn ones deep models are so restless that
    torchvision's own logits in float32 and in float64 lie further apart than ours and torchvision's may.
    """
    redraw(module, seed=11).eval().requires_grad_(False)
    norms = [child for child in module.modules() if isinstance(child, nn.BatchNorm2d)]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the plain mean
        norm.train()
    module(pictures(size))
    module.eval()
    last = [child for child in module.modules() if isinstance(child, nn.Linear)][-1]
    last.weight *= 2 / spread(module(pictures(size)))
    return module


@cache
def small(family: str) -> tuple[nn.Module, int]:
    """torchvision's own model of a family with drawn weights, and the side of its pictures; the same at every call."""
    make, size = SMALL[family]
    return enliven(make(), size), size


# Grid, window, shift: whole windows, padding on both sides, one window, and half-shifted windows of two shapes.
SWINS = [
    ((8, 8), (4, 4), (0, 0)),
    ((8, 8), (4, 4), (2, 2)),
    ((7, 10), (4, 4), (2, 2)),
    ((7, 10), (4, 4), (0, 0)),
    ((4, 4), (4, 4), (2, 2)),
    ((3, 9), (4, 3), (2, 1)),
]


class Flip(nn.Module):
    """Left to right."""

    def forward(self, x: Tensor) -> Tensor:
        return x.flip(3)
