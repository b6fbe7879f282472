"""Feature gate: one weight for each channel at each position.

    weights = σ(W₂ relu(W₁ x)),   y = x · weights          W₁, W₂ 1×1 convolutions, c → c/8 → c

At each position, the weights are computed from all channels; the bottleneck keeps this cheap. It is the bottleneck of
squeeze-and-excitation (Hu et al., CVPR 2018) applied at each position instead of once to the mean over positions, as in
the bottleneck attention module (Park et al., "BAM", BMVC 2018), whose spatial branch is wider.
"""

from __future__ import annotations

from torch import Tensor, nn

from core.attention.mechanism import Mechanism
from core.attention.tap import Tap
from core.kinds import Kind


class FeatureGate(nn.Module):
    """Multiply (b, c, h, w) by weights of the same shape in 0..1."""

    def __init__(self, channels: int, reduction: int = 8):
        super().__init__()
        self.squeeze = nn.Conv2d(channels, channels // reduction, 1)
        self.relu = nn.ReLU()
        self.excite = nn.Conv2d(channels // reduction, channels, 1)
        self.tap = Tap(Kind.FEATURE, softmax=False, off=1.0)

    def forward(self, x: Tensor) -> Tensor:
        """Return x (b, c, h, w) times its weights, in the same shape."""
        weights = self.excite(self.relu(self.squeeze(x))).sigmoid()
        return x * self.tap(weights, x.shape[-2:])


FEATURE_GATE = Mechanism(
    slug="feature-gate",
    title="Feature gate",
    summary="one weight for each channel at each position",
    equation="y = x · σ(W₂ relu(W₁ x))",
    paper="Park et al., BAM: bottleneck attention module, BMVC 2018; Hu et al., CVPR 2018",
    gate=FeatureGate,
    kind=Kind.FEATURE,
)
