"""Self-attention: each patch is compared with all patches and receives a weighted mean of their values.

    weights = softmax(Q Kᵀ / √d + B),   y = weights V,   with Q, K, V = 1×1 convolutions of x

B is a learned bias for each head and each offset between two patches; it encodes their positions. Vaswani et al.,
"Attention is all you need", 2017; Wang et al., "Non-local neural networks", CVPR 2018; Srinivas et al., "Bottleneck
transformers", CVPR 2021, where it replaces the 3×3 convolutions of the last stage, as here. This implementation uses
the bias of Swin (Liu et al., ICCV 2021), one number for each offset, instead of BoTNet's relative position vectors, and
has no shortcut, so that nothing bypasses it.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from core.attention.dot_product import attend
from core.attention.mechanism import Mechanism
from core.attention.tap import Tap
from core.kinds import Kind

SHARPNESS = 12.0


class SelfAttention(nn.Module):
    """Multi-head attention over the whole grid: (b, channels, side, side) -> (b, out, side/stride, side/stride).

    The stride is applied by average pooling after the attention, so that patches are compared at full resolution. A
    smaller grid, as from smaller training pictures, uses the biases of its own offsets.
    """

    offset: Tensor

    def __init__(self, channels: int, out: int, side: int, stride: int = 1, heads: int = 4):
        super().__init__()
        self.heads, self.side = heads, side
        self.project = nn.Conv2d(channels, 3 * out, 1, bias=False)
        # initial scores with the spread SHARPNESS, because from uniform weights the model learns to average
        with torch.no_grad():
            self.project.weight[: 2 * out].normal_(std=(SHARPNESS / channels) ** 0.5)
        self.bias = nn.Parameter(torch.zeros(heads, (2 * side - 1) ** 2))
        self.tap = Tap(Kind.PAIRWISE, softmax=True, off=0.0)
        self.pool = nn.AvgPool2d(stride) if stride > 1 else nn.Identity()
        rows = torch.arange(side).repeat_interleave(side)
        columns = torch.arange(side).repeat(side)
        down, right = rows[:, None] - rows, columns[:, None] - columns
        offset = (down + side - 1) * (2 * side - 1) + right + side - 1
        self.register_buffer("offset", offset.view(side, side, side, side), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return for each cell of x (b, c, h, w) the weighted mean of the values of all cells: (b, c, h, w)."""
        b, _, h, w = x.shape
        query, key, value = self.project(x).view(b, 3, self.heads, -1, h * w).transpose(-1, -2).unbind(1)
        bias = self.bias[:, self.offset[:h, :w, :h, :w].reshape(h * w, h * w)]
        y = attend(self.tap, query, key, value, (h, w), bias)
        return self.pool(y.transpose(-1, -2).reshape(b, -1, h, w))


SELF_ATTENTION = Mechanism(
    slug="self-attention",
    title="Self-attention",
    summary="each patch attends to every other patch",
    equation="y = softmax(Q Kᵀ / √d + B) V",
    paper="Wang et al., Non-local neural networks, CVPR 2018; Srinivas et al., Bottleneck transformers, CVPR 2021",
    convolution=SelfAttention,
    kind=Kind.PAIRWISE,
)
