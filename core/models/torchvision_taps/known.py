"""torchvision's architectures whose stages are known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import nn
from torchvision import models
from torchvision.models import SwinTransformer, VisionTransformer

from core.models.stages import Stage
from core.models.torchvision_taps import swin, vision_transformer

STAGES: dict[type[nn.Module], Callable[[Any], dict[str, Stage]]] = {
    VisionTransformer: vision_transformer.stages,
    SwinTransformer: swin.stages,
}
"""The stages of models whose outputs are not grids (b, c, h, w)."""

LAST: dict[type[nn.Module], Callable[[Any], str]] = {
    VisionTransformer: lambda module: f"encoder.layers.{[*module.encoder.layers._modules][-1]}",
}
"""The name of the last block, for those models of which only the class token is read after it."""

GRIDS: tuple[type[nn.Module], ...] = (
    models.AlexNet,
    models.ConvNeXt,
    models.DenseNet,
    models.EfficientNet,
    models.GoogLeNet,
    models.Inception3,
    models.MaxVit,
    models.MNASNet,
    models.MobileNetV2,
    models.MobileNetV3,
    models.RegNet,
    models.ResNet,
    models.ShuffleNetV2,
    models.SqueezeNet,
    models.VGG,
)
"""Architectures whose grids line up with the picture by construction: they need no test."""
