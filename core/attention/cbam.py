"""CBAM: a weight for each channel, then a weight for each position.

    y = x · σ(m(mean x) + m(max x)),  m(v) = W₂ relu(W₁ v)          channels, over positions
    z = y · σ(conv₇ₓ₇[mean y, max y])                               positions, over channels

Woo et al., "CBAM: convolutional block attention module", ECCV 2018. Here the gates multiply the output of the whole
stage, including its shortcut (the paper gates the residual branch only), so that nothing bypasses them. The perceptron
reduces c channels to c/8.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from core.attention.mechanism import Mechanism
from core.attention.tap import Tap
from core.kinds import Kind


class ChannelGate(nn.Module):
    """Multiply (b, c, h, w) by one weight for each channel, (b, c) in 0..1."""

    def __init__(self, channels: int, reduction: int = 8):
        super().__init__()
        self.squeeze = nn.Linear(channels, channels // reduction)
        self.relu_mean, self.relu_max = nn.ReLU(), nn.ReLU()
        self.excite = nn.Linear(channels // reduction, channels)
        self.tap = Tap(Kind.CHANNEL, softmax=False, off=1.0)

    def forward(self, x: Tensor) -> Tensor:
        """x (b, c, h, w) times its weights, of the same shape."""
        mean = self.excite(self.relu_mean(self.squeeze(x.mean((2, 3)))))
        peak = self.excite(self.relu_max(self.squeeze(x.amax((2, 3)))))
        weights = (mean + peak).sigmoid()
        return x * self.tap(weights, x.shape[-2:])[:, :, None, None]


class PositionGate(nn.Module):
    """Multiply (b, c, h, w) by one map (b, h, w) in 0..1, computed from the mean and the maximum over channels."""

    def __init__(self, kernel: int = 7):
        super().__init__()
        self.score = nn.Conv2d(2, 1, kernel, padding=kernel // 2)
        self.tap = Tap(Kind.SPATIAL, softmax=False, off=1.0)

    def forward(self, x: Tensor) -> Tensor:
        """x (b, c, h, w) times its weights, of the same shape."""
        summary = torch.stack((x.mean(1), x.amax(1)), 1)
        weights = self.score(summary).sigmoid().squeeze(1)
        return x * self.tap(weights, x.shape[-2:]).unsqueeze(1)


class CBAM(nn.Module):
    """Apply the channel gate, then the position gate, to (b, c, h, w)."""

    def __init__(self, channels: int):
        super().__init__()
        self.channel = ChannelGate(channels)
        self.spatial = PositionGate()

    def forward(self, x: Tensor) -> Tensor:
        """Return x (b, c, h, w) after both gates, in the same shape."""
        return self.spatial(self.channel(x))


CBAM_GATE = Mechanism(
    slug="cbam",
    title="CBAM",
    summary="channel attention, then spatial attention",
    equation="y = x · σ(m(mean x) + m(max x));  z = y · σ(conv₇ₓ₇[mean y, max y])",
    paper="Woo et al., CBAM: convolutional block attention module, ECCV 2018",
    gate=CBAM,
    kind=Kind.SPATIAL,
)
