"""Dot-product attention through a tap: softmax(Q Kᵀ / √d + B) V, of Vaswani et al., "Attention is all you need", 2017.

If the tap is neither recorded nor steered, torch's fused kernel computes the same result without storing the weights.
"""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F

from core.attention.tap import Tap


def attend(
    tap: Tap, query: Tensor, key: Tensor, value: Tensor, grid: tuple[int, int], bias: Tensor | None = None
) -> Tensor:
    """Average ``value`` with weights (b, heads, n, m) that pass through the ``tap``.

    ``query`` (b, heads, n, d), ``key`` (b, heads, m, d), ``value`` (b, heads, m, e), ``bias`` (heads, n, m) or None;
    the result is (b, heads, n, e).
    """
    bias = None if bias is None else bias.to(query.dtype)
    if not tap.watched():
        return F.scaled_dot_product_attention(query, key, value, attn_mask=bias)
    scores = query @ key.transpose(-1, -2) / query.shape[-1] ** 0.5
    return tap((scores if bias is None else scores + bias).softmax(-1), grid) @ value
