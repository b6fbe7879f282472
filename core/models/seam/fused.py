"""Fused attention written out, so that its weights can pass through a tap.

w = softmax(s · Q Kᵀ + mask),   y = tap(w) V
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

Through = Callable[[Tensor], Tensor]


def masked(scores: Tensor, mask: Tensor | None, causal: bool = False) -> Tensor:
    """The scores with a mask added; where a mask of booleans is false, a query may not attend to a key."""
    if causal:
        n, m = scores.shape[-2:]
        mask = torch.ones(n, m, dtype=torch.bool, device=scores.device).tril()
    if mask is None:
        return scores
    if mask.dtype == torch.bool:
        return scores.masked_fill(~mask, -torch.inf)
    return scores + mask


def attention(
    through: Through,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    """``F.scaled_dot_product_attention`` with weights (..., n, m) that pass ``through`` something; no dropout."""
    if enable_gqa:  # several heads of queries share one of keys
        key, value = (one.repeat_interleave(query.shape[-3] // one.shape[-3], -3) for one in (key, value))
    scores = query * (query.shape[-1] ** -0.5 if scale is None else scale) @ key.transpose(-1, -2)
    return through(masked(scores, attn_mask, is_causal).softmax(-1)) @ value


def multihead(
    through: Through,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    embed_dim_to_check: int,
    num_heads: int,
    in_proj_weight: Tensor | None,
    in_proj_bias: Tensor | None,
    bias_k: Tensor | None,
    bias_v: Tensor | None,
    add_zero_attn: bool,
    dropout_p: float,
    out_proj_weight: Tensor,
    out_proj_bias: Tensor | None,
    training: bool = True,
    key_padding_mask: Tensor | None = None,
    need_weights: bool = True,
    attn_mask: Tensor | None = None,
    use_separate_proj_weight: bool = False,
    q_proj_weight: Tensor | None = None,
    k_proj_weight: Tensor | None = None,
    v_proj_weight: Tensor | None = None,
    static_k: Tensor | None = None,
    static_v: Tensor | None = None,
    average_attn_weights: bool = True,
    is_causal: bool = False,
) -> tuple[Tensor, Tensor | None]:
    """``F.multi_head_attention_forward`` of (n, b, c), with weights (b, heads, n, m) that pass ``through`` something.

    Without keys that belong to no token (``bias_k``, ``add_zero_attn``, ``static_k``), and without dropout.
    """
    weights: Any = (q_proj_weight, k_proj_weight, v_proj_weight)
    if not use_separate_proj_weight and in_proj_weight is not None:
        weights = in_proj_weight.chunk(3)
    biases = (None,) * 3 if in_proj_bias is None else in_proj_bias.chunk(3)

    def split(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        return F.linear(x, weight, bias).unflatten(-1, (num_heads, -1)).permute(1, 2, 0, 3)  # (b, heads, n, d)

    q, k, v = (split(x, *one) for x, *one in zip((query, key, value), weights, biases, strict=True))
    mask = forbidden(attn_mask, q.dtype)
    if mask is not None and mask.ndim == 3:
        mask = mask.unflatten(0, (-1, num_heads))
    scores = masked(q * q.shape[-1] ** -0.5 @ k.transpose(-1, -2), mask)
    padding = forbidden(key_padding_mask, q.dtype)
    scores = masked(scores, None if padding is None else padding[:, None, None])
    w = through(scores.softmax(-1))
    y = F.linear((w @ v).permute(2, 0, 1, 3).flatten(2), out_proj_weight, out_proj_bias)
    return y, (w.mean(1) if average_attn_weights else w) if need_weights else None


def forbidden(mask: Tensor | None, kind: torch.dtype) -> Tensor | None:
    """A mask of ``nn.MultiheadAttention``, where true means that a key is hidden, as one to be added."""
    if mask is None or mask.dtype != torch.bool:
        return mask
    return torch.zeros_like(mask, dtype=kind).masked_fill(mask, -torch.inf)
