"""Bilinear attention of timm (BAT): blocks of a picture attend to each other by weights of rows and of columns.

The features x (b, c, h, w) are divided into n × n blocks of cells. With P (n, n), whose rows sum to one, and Q (n, n),
whose columns do, for each group of channels,

    y[i, k] = Σ_j Σ_l  P[i, j] · Q[l, k] · x[j, l]        x[j, l] the block in row j and column l

so the block (i, k) attends to the block (j, l) with the weight P[i, j] Q[l, k], and its weights sum to one. Chi et al.,
Non-local neural networks with grouped bilinear attentional transforms, CVPR 2020.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from core.attention.tap import Tap
from core.kinds import Kind
from core.models.seam.forwards import Gate


class BilinearAttention(Gate):
    """Replaces the ``forward`` of timm's ``BilinearAttnTransform``: the weights of blocks pass through a tap."""

    def __init__(self, part: Any):
        self.part, n = part, int(part.block_size)
        super().__init__(part.forward, Tap(Kind.PAIRWISE, softmax=True, off=0.0), (), (n, n))

    def __call__(self, x: Tensor) -> Tensor:
        """The output of the module for x (b, c, h, w); its weights are written out while the tap is watched."""
        if not self.tap.watched():
            return self.forward(x)
        n, groups = self.grid[0], self.part.groups
        rows, columns = self.factors(x)
        weights = torch.einsum("bgij,bglk->bgikjl", rows, columns).flatten(4).flatten(2, 3)
        weights = self.tap(weights, self.grid)  # (b, groups, n², n²)
        b, c, h, w = x.shape
        blocks = x.reshape(b, groups, c // groups, n, h // n, n, w // n).permute(0, 1, 3, 5, 2, 4, 6)
        mixed = weights @ blocks.flatten(4).flatten(2, 3).flatten(3)  # (b, groups, n², numbers of a block)
        mixed = mixed.view(blocks.shape).permute(0, 1, 4, 2, 5, 3, 6)
        return self.part.conv2(mixed.reshape(x.shape))

    def factors(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The weights of rows and of columns of blocks, P and Q (b, groups, n, n)."""
        n, features = self.grid[0], self.part.conv1(x)
        shape = (len(x), self.part.groups, n, n)
        rows = self.part.conv_p(F.adaptive_max_pool2d(features, (n, 1))).view(shape).sigmoid()
        columns = self.part.conv_q(F.adaptive_max_pool2d(features, (1, n))).view(shape).sigmoid()
        return rows / rows.sum(3, keepdim=True), columns / columns.sum(2, keepdim=True)
