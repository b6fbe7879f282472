"""torchvision's MaxViT attention with a tap: first within blocks of neighboring cells, then across a wide grid.

    z = x + W softmax(Q Kᵀ / √c + B) V  in each window,   y = z + mlp(z)          Q, K, V linear in norm x

A window is a block of p × p neighbors, or p × p cells spread uniformly over the whole feature map. Tu et al., "MaxViT:
multi-axis vision transformer", ECCV 2022. torchvision divides by the root of all channels c, not of a head's; so do we.
"""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn
from torchvision.models.maxvit import (
    PartitionAttentionLayer,
    RelativePositionalMultiHeadAttention,
    SwapAxes,
    WindowDepartition,
    WindowPartition,
)
from torchvision.ops import StochasticDepth

from core.attention.tap import Tap
from core.kinds import Kind
from core.models.torchvision_taps.equivalent import Equivalent
from core.models.torchvision_taps.windows import attend, join_heads, lay, split_heads, take, tile


class PartitionAttention(Equivalent):
    """(b, c, h, w) -> (b, c, h, w), for the one grid (h, w) that the model was built for."""

    skipped: ClassVar = {
        "attn_layer": nn.Sequential,
        "attn_layer.1": RelativePositionalMultiHeadAttention,
        "attn_layer.2": nn.Dropout,
        "partition_op": WindowPartition,
        "departition_op": WindowDepartition,
        "partition_swap": (SwapAxes, nn.Identity),
        "departition_swap": (SwapAxes, nn.Identity),
        "stochastic_dropout": StochasticDepth,
    }

    attn_layer: nn.Sequential
    mlp_layer: nn.Module
    cells: Tensor

    def __init__(self, theirs: PartitionAttentionLayer):
        super().__init__(theirs)
        height, width = self.grid = tuple(theirs.grid_size)
        blocks = tile(height, width, theirs.p)
        # A window of the wide grid has one cell of each block, at the same position in each.
        self.register_buffer("cells", blocks if theirs.partition_type == "window" else blocks.T, persistent=False)
        self.tap = Tap(Kind.WINDOWED, softmax=True, off=0.0)

    def forward(self, x: Tensor) -> Tensor:
        """The grid x (b, c, h, w) after attention within its partitions and the layers after it."""
        tokens = x.flatten(2).transpose(1, 2)
        tokens = tokens + self.attend(tokens)
        tokens = tokens + self.mlp_layer(tokens)
        return tokens.transpose(1, 2).unflatten(2, self.grid)

    def attend(self, tokens: Tensor) -> Tensor:
        """The attention within the windows, with the parameters of ``attn_layer``; (b, h·w, c) -> (b, h·w, c)."""
        norm: nn.Module
        theirs: RelativePositionalMultiHeadAttention
        norm, theirs, _ = self.attn_layer
        query, key, value = split_heads(theirs.to_qkv(take(norm(tokens), self.cells)), theirs.n_heads)
        bias = theirs.get_relative_positional_bias()[0]
        y = attend(self.tap, query * theirs.scale_factor, key, value, bias, self.grid, self.cells)
        return lay(theirs.merge(join_heads(y)), self.cells)
