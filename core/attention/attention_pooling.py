"""Attention pooling: a weighted mean over the positions in place of average pooling.

    weights = softmax(W f + b) over positions,   y = Σᵢ weightsᵢ fᵢ

This is the soft attention of Xu et al., "Show, attend and tell", ICML 2015, applied once and without a query. Ilse et
al., "Attention-based deep multiple instance learning", ICML 2018, pool in the same way. With uniform weights (1/n) it
is average pooling. W is initialized so that the scores have a spread of about ``SHARPNESS``, because from uniform
weights the model learns to average.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from core.attention.mechanism import Mechanism
from core.attention.tap import Tap
from core.kinds import Kind

SHARPNESS = 4.0


class AttentionPooling(nn.Module):
    """Sum the positions of (b, c, h, w) with the weights of one map (b, h, w) that sums to one: (b, c)."""

    def __init__(self, channels: int):
        super().__init__()
        self.score = nn.Conv2d(channels, 1, 1)
        with torch.no_grad():
            self.score.weight.normal_(std=SHARPNESS / channels**0.5)
        self.tap = Tap(Kind.SPATIAL, softmax=True, off=None)

    def forward(self, x: Tensor) -> Tensor:
        """Return the weighted mean (b, c) over the cells of x (b, c, h, w)."""
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
