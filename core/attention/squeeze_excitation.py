"""Squeeze and excitation: one weight for each channel, computed from its mean over the picture.

    weights = σ(W₂ relu(W₁ mean x)),   y = x · weights          mean over positions, one weight for each channel

Hu, Shen and Sun, "Squeeze-and-excitation networks", CVPR 2018. Here the gate multiplies the output of the whole stage,
including its shortcut (the paper gates the residual branch only), so that nothing bypasses it. The perceptron reduces c
channels to c/8.
"""

from __future__ import annotations

from torch import Tensor, nn

from core.attention.mechanism import Mechanism
from core.attention.tap import Tap
from core.kinds import Kind


class SqueezeExcitation(nn.Module):
    """Multiply (b, c, h, w) by one weight for each channel, (b, c) in 0..1."""

    def __init__(self, channels: int, reduction: int = 8):
        super().__init__()
        self.squeeze = nn.Linear(channels, channels // reduction)
        self.relu = nn.ReLU()
        self.excite = nn.Linear(channels // reduction, channels)
        self.tap = Tap(Kind.CHANNEL, softmax=False, off=1.0)

    def forward(self, x: Tensor) -> Tensor:
        """Return x (b, c, h, w) times its weights, in the same shape."""
        weights = self.excite(self.relu(self.squeeze(x.mean((2, 3))))).sigmoid()
        return x * self.tap(weights, x.shape[-2:])[:, :, None, None]


SQUEEZE_EXCITATION = Mechanism(
    slug="squeeze-excitation",
    title="Squeeze and excitation",
    summary="one weight for each channel, computed from the whole picture",
    equation="y = x · σ(W₂ relu(W₁ mean x))",
    paper="Hu et al., Squeeze-and-excitation networks, CVPR 2018",
    gate=SqueezeExcitation,
)
