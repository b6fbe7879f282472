"""torchvision's Swin attention with a tap: cells attend to each other within windows, which shift from block to block.

    y = W softmax(Q Kᵀ / √d + B) V  in each window          B: one number for each head and offset of two cells

Every second block first rolls the grid by half a window, around the edge: a window at the border then holds pieces from
opposite sides of the picture, and cells of different pieces do not attend to each other. Liu et al., "Swin transformer:
hierarchical vision transformer using shifted windows", ICCV 2021. The second version (CVPR 2022) compares by the cosine
of Q and K times a learned number, and has B made by a small network from the offset.
"""

from __future__ import annotations

from math import ceil, log
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision.models import SwinTransformer
from torchvision.models.swin_transformer import ShiftedWindowAttention, ShiftedWindowAttentionV2

from core.attention.tap import Tap
from core.kinds import Kind
from core.models.stages import Stage, channels_first
from core.models.torchvision_taps.equivalent import Equivalent
from core.models.torchvision_taps.windows import attend, join_heads, lay, split_heads, take

APART = -100.0
"""Added to the score of two tokens of different pieces: a weight of e⁻¹⁰⁰, practically zero."""


def along(length: int, window: int, shift: int) -> tuple[Tensor, Tensor]:
    """The position along one axis of each token of each window, and whether it was rolled around the edge.

    (windows, window) each; the position is -1 beyond the end. A window as long as the axis is not shifted.
    """
    whole = ceil(length / window) * window
    shift = shift if window < whole else 0
    places = torch.arange(whole).roll(-shift)
    rolled = torch.arange(whole) >= whole - shift
    return places.masked_fill(places >= length, -1).view(-1, window), rolled.view(-1, window)


def lay_out(grid: tuple[int, int], window: list[int], shift: list[int]) -> tuple[Tensor, Tensor]:
    """The cell of each token, (windows, n), and whether two of them are of different pieces, (windows, n, n)."""
    (rows, below), (columns, beside) = (along(*one) for one in zip(grid, window, shift, strict=True))
    rows, below = (one[:, None, :, None] for one in (rows, below))
    columns, beside = (one[None, :, None, :] for one in (columns, beside))
    cells = torch.where((rows < 0) | (columns < 0), -1, rows * grid[1] + columns).flatten(2).flatten(0, 1)
    piece = (2 * below.int() + beside.int()).flatten(2).flatten(0, 1)
    apart = piece[:, :, None] != piece[:, None]
    return cells, apart


class WindowAttention(Equivalent):
    """(b, h, w, c) -> (b, h, w, c)."""

    skipped: ClassVar = {"qkv": nn.Linear, "proj": nn.Linear}

    qkv: nn.Linear
    proj: nn.Linear
    relative_position_bias_table: Tensor
    relative_position_index: Tensor

    def __init__(self, theirs: ShiftedWindowAttention):
        super().__init__(theirs)
        self.window, self.shift, self.heads = theirs.window_size, theirs.shift_size, theirs.num_heads
        self.tap = Tap(Kind.WINDOWED, softmax=True, off=0.0)

    def forward(self, x: Tensor) -> Tensor:
        """The grid x (b, h, w, c) after attention within its windows."""
        grid = (x.shape[1], x.shape[2])
        cells, apart = (one.to(x.device) for one in lay_out(grid, self.window, self.shift))
        query, key, value = self.project(take(x.flatten(1, 2), cells))
        bias = self.bias() + APART * apart[:, None].to(x.dtype)
        allowed = ~apart if apart.any() else None
        y = self.proj(join_heads(attend(self.tap, query, key, value, bias, grid, cells, allowed)))
        return lay(y, cells).unflatten(1, grid)

    def project(self, tokens: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Query, scaled for the comparison, key and value of the tokens (b, windows, n, c)."""
        query, key, value = split_heads(self.qkv(tokens), self.heads)
        return query * query.shape[-1] ** -0.5, key, value

    def bias(self) -> Tensor:
        """B (heads, n, n)."""
        return self.of_offsets(self.relative_position_bias_table)

    def of_offsets(self, table: Tensor) -> Tensor:
        """(heads, n, n) from a ``table`` (offsets, heads)."""
        n = self.window[0] * self.window[1]
        return table[self.relative_position_index].view(n, n, -1).permute(2, 0, 1)


class CosineWindowAttention(WindowAttention):
    """The attention of the second version: by cosine, with a bias computed by a small network."""

    skipped: ClassVar = {
        **WindowAttention.skipped,
        "cpb_mlp": nn.Sequential,
        "cpb_mlp.0": nn.Linear,
        "cpb_mlp.1": nn.ReLU,
        "cpb_mlp.2": nn.Linear,
    }

    cpb_mlp: nn.Sequential
    logit_scale: Tensor
    relative_coords_table: Tensor

    def __init__(self, theirs: ShiftedWindowAttentionV2):
        super().__init__(theirs)
        # Its ReLU does not process the picture: removed from the modules, so that guided backpropagation ignores it.
        self.cpb_mlp = nn.Sequential(theirs.cpb_mlp[0], nn.Identity(), theirs.cpb_mlp[2])

    def project(self, tokens: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Query, key and value of each head: keys have length one, queries that of the learned scale."""
        bias: Tensor | None = self.qkv.bias
        if bias is not None:  # keys have no bias, whatever is in the file
            query, key, value = bias.chunk(3)
            bias = torch.cat((query, torch.zeros_like(key), value))
        query, key, value = split_heads(F.linear(tokens, self.qkv.weight, bias), self.heads)
        sharpness = self.logit_scale.clamp(max=log(100)).exp()  # (heads, 1, 1)
        return F.normalize(query, dim=-1) * sharpness, F.normalize(key, dim=-1), value

    def bias(self) -> Tensor:
        """The bias of each pair of cells in a window, from a small network on their offset."""
        first, _, second = self.cpb_mlp
        table = second(first(self.relative_coords_table).relu()).view(-1, self.heads)
        return 16 * self.of_offsets(table).sigmoid()


def stages(module: SwinTransformer) -> dict[str, Stage]:
    """The four stages of blocks, laid out with the channels first."""
    return {
        f"features.{number}": Stage(module.features[number], channels_first)
        for number in range(1, len(module.features), 2)
    }
