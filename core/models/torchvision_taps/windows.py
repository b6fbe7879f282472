"""Attention within windows: which cells of the grid are in a window, and how they gather from each other.

``cells`` (windows, n) is the cell of each token of each window, -1 for padding. Tokens are taken from the grid and put
back by this table, so a map drawn by it is at the position of the attention.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from core.attention.tap import Tap


def take(x: Tensor, cells: Tensor) -> Tensor:
    """The tokens (b, windows, n, c) of a grid x (b, h·w, c); zeros for padding."""
    return F.pad(x, (0, 0, 0, 1))[:, cells]  # -1 is the last row, which is padding


def lay(tokens: Tensor, cells: Tensor) -> Tensor:
    """The grid (b, h·w, c) of tokens (b, windows, n, c), without padding."""
    order = cells.flatten().argsort()  # the padding's -1 first, then each cell once
    return tokens.flatten(1, 2)[:, order[(cells < 0).sum() :]]


def attend(
    tap: Tap,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    bias: Tensor,
    grid: tuple[int, int],
    cells: Tensor,
    allowed: Tensor | None = None,
) -> Tensor:
    """softmax(Q Kᵀ + B) V in each window, through the ``tap``; queries come scaled.

    ``query``, ``key`` and ``value`` are (b, windows, heads, n, d), ``bias`` (heads, n, n) or (windows, heads, n, n).
    ``allowed`` (windows, n, n) is true where a query may attend to a key, if the bias masks others.
    """
    if tap.watched():
        return tap((query @ key.transpose(-1, -2) + bias).softmax(-1), grid, cells, allowed) @ value
    # The fused kernel takes four axes, so windows and heads are one axis.
    query, key, gathered = (one.flatten(1, 2) for one in (query, key, value))
    bias = bias.expand(*value.shape[1:4], bias.shape[-1]).flatten(0, 1).to(query.dtype)
    return F.scaled_dot_product_attention(query, key, gathered, attn_mask=bias, scale=1.0).view_as(value)


def split_heads(projected: Tensor, heads: int) -> tuple[Tensor, Tensor, Tensor]:
    """Query, key and value (b, windows, heads, n, d) of a projection (b, windows, n, 3·heads·d)."""
    return projected.unflatten(-1, (3, heads, -1)).permute(3, 0, 1, 4, 2, 5).unbind()


def join_heads(y: Tensor) -> Tensor:
    """(b, windows, heads, n, d) -> (b, windows, n, heads·d)."""
    return y.transpose(2, 3).flatten(-2)


def tile(height: int, width: int, side: int) -> Tensor:
    """The cells (windows, n) of square windows that tile a grid without gap or padding."""
    rows, columns = torch.arange(height).view(-1, 1, side, 1), torch.arange(width).view(1, -1, 1, side)
    return (rows * width + columns).flatten(2).flatten(0, 1)
