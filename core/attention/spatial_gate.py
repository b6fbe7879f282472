"""Spatial gate: one weight for each position, the same for all channels.

    y = x · σ(W₂ relu(W₁ x + b₁) + b₂)

W₁ is a 1×1 convolution c → c/8, W₂ a 3×3 convolution c/8 → 1. The image-attention gate of Wang et al., "Residual
attention network", CVPR 2017, and Oktay et al., "Attention U-Net", 2018, in its smallest form. Here the gate multiplies
the output of the whole stage, including its shortcut, so that nothing bypasses it.
"""

from __future__ import annotations

from torch import Tensor, nn

from core.attention.mechanism import Mechanism
from core.attention.tap import Tap
from core.kinds import Kind


class SpatialGate(nn.Module):
    """Multiply (b, c, h, w) by one map (b, h, w) in 0..1."""

    def __init__(self, channels: int, reduction: int = 8):
        super().__init__()
        self.squeeze = nn.Conv2d(channels, channels // reduction, 1)
        self.relu = nn.ReLU()
        self.score = nn.Conv2d(channels // reduction, 1, 3, padding=1)
        self.tap = Tap(Kind.SPATIAL, softmax=False, off=1.0)

    def forward(self, x: Tensor) -> Tensor:
        """Return x (b, c, h, w) times its weights, in the same shape."""
        weights = self.score(self.relu(self.squeeze(x))).sigmoid().squeeze(1)
        return x * self.tap(weights, x.shape[-2:]).unsqueeze(1)


SPATIAL_GATE = Mechanism(
    slug="spatial-gate",
    title="Spatial gate",
    summary="one weight for each position",
    equation="y = x · σ(W₂ relu(W₁ x))",
    paper="Wang et al., Residual attention network, CVPR 2017; Oktay et al., Attention U-Net, 2018",
    gate=SpatialGate,
    kind=Kind.SPATIAL,
)
