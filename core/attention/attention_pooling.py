"""Attention pooling: the classifier sees a weighted mean of the positions, not their plain mean.

    weights = softmax(W f + b) over positions,   y = Σᵢ weightsᵢ fᵢ

The soft attention of Xu et al., "Show, attend and tell", ICML 2015, applied once and without a query; Ilse et al.,
"Attention-based deep multiple instance learning", ICML 2018, pool in the same way. Without it (1/n for each position)
it is average pooling. W starts with a spread of ``SHARPNESS``: from a uniform start it learns to average.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from core.attention.mechanism import Mechanism
from core.attention.tap import Tap
from core.kinds import Kind

SHARPNESS = 4.0


class AttentionPooling(nn.Module):
    """(b, c, h, w) -> (b, c): the sum over positions, each weighted by one map (b, h, w) that sums to one."""

    def __init__(self, channels: int):
        super().__init__()
        self.score = nn.Conv2d(channels, 1, 1)
        with torch.no_grad():
            self.score.weight.normal_(std=SHARPNESS / channels**0.5)
        self.tap = Tap(Kind.SPATIAL, softmax=True, off=None)

    def forward(self, x: Tensor) -> Tensor:
        """The weighted mean (b, c) of the cells of x (b, c, h, w)."""
        weights = self.score(x).flatten(1).softmax(-1).view(len(x), *x.shape[-2:])
        return (x * self.tap(weights, x.shape[-2:]).unsqueeze(1)).sum((2, 3))


ATTENTION_POOLING = Mechanism(
    slug="attention-pooling",
    title="Attention pooling",
    summary="the positions are averaged by attention weights, one for each position",
    equation="y = Σᵢ aᵢ fᵢ,  a = softmax(W f + b)",
    paper="Xu et al., Show, attend and tell, ICML 2015; Ilse et al., ICML 2018",
    pool=AttentionPooling,
    kind=Kind.SPATIAL,
)
