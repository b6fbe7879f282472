"""torchvision's squeeze-and-excitation block with a tap: EfficientNet, MobileNetV3, RegNetY and MaxViT have it.

    y = x · σ(W₂ δ(W₁ mean x))          δ and σ as the model has them: SiLU or ReLU, sigmoid or hard sigmoid

Hu, Shen, Sun, "Squeeze-and-excitation networks", CVPR 2018.
"""

from __future__ import annotations

from torch import Tensor, nn
from torchvision.ops.misc import SqueezeExcitation

from core.attention.tap import Tap
from core.kinds import Kind
from core.models.torchvision_taps.equivalent import Equivalent


class ChannelGate(Equivalent):
    """Multiplies (b, c, h, w) by one weight (b, c) for each channel."""

    avgpool: nn.Module
    fc1: nn.Module
    fc2: nn.Module
    activation: nn.Module
    scale_activation: nn.Module

    def __init__(self, theirs: SqueezeExcitation):
        super().__init__(theirs)
        self.tap = Tap(Kind.CHANNEL, softmax=False, off=1.0)

    def forward(self, x: Tensor) -> Tensor:
        """x (b, c, h, w) times its weights, of the same shape."""
        squeezed = self.activation(self.fc1(self.avgpool(x)))
        weights = self.scale_activation(self.fc2(squeezed)).flatten(1)
        return x * self.tap(weights, x.shape[-2:])[:, :, None, None]
