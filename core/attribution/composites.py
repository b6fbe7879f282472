"""Composite functions, written with linear functions and functions for which ``rescale`` has a rule.

Each has the arguments and the result of torch's function of the same name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F


def quotient(a: Tensor, b: Tensor) -> Tensor:
    """a / b."""
    return a * b.reciprocal()


def inverse(b: Tensor, a: Any) -> Tensor:
    """a / b, where a is a number."""
    return a * b.reciprocal()


def softmax(z: Tensor, dim: int = -1, *_: Any, **__: Any) -> Tensor:
    """exp z / Σ exp z; the largest value is subtracted first to avoid overflow."""
    powers = (z - z.amax(dim, keepdim=True)).exp()
    return powers * powers.sum(dim, keepdim=True).reciprocal()


def log_softmax(z: Tensor, dim: int = -1, *_: Any, **__: Any) -> Tensor:
    """z − log Σ exp z."""
    below = z - z.amax(dim, keepdim=True)
    return below - below.exp().sum(dim, keepdim=True).log()


def standardized(z: Tensor, axes: tuple[int, ...], eps: float) -> Tensor:
    """z with mean 0 and variance 1 over the axes."""
    centered = z - z.mean(axes, keepdim=True)
    return centered * (centered.square().mean(axes, keepdim=True) + eps).rsqrt()


def layer_norm(z: Tensor, shape: Sequence[int], weight: Tensor | None = None, bias: Tensor | None = None,
               eps: float = 1e-5, *_: Any) -> Tensor:  # fmt: skip
    """As ``F.layer_norm``."""
    y = standardized(z, tuple(range(-len(shape), 0)), eps)
    y = y if weight is None else y * weight
    return y if bias is None else y + bias


def group_norm(z: Tensor, groups: int, weight: Tensor | None = None, bias: Tensor | None = None,
               eps: float = 1e-5, *_: Any) -> Tensor:  # fmt: skip
    """As ``F.group_norm``."""
    y = standardized(z.reshape(len(z), groups, -1), (-1,), eps).view_as(z)
    channels = (-1, *[1] * (z.ndim - 2))
    y = y if weight is None else y * weight.view(channels)
    return y if bias is None else y + bias.view(channels)


def instance_norm(z: Tensor, running_mean: Tensor | None = None, running_var: Tensor | None = None,
                  weight: Tensor | None = None, bias: Tensor | None = None, use_input_stats: bool = True,
                  momentum: float = 0.1, eps: float = 1e-5) -> Tensor:  # fmt: skip
    """As ``F.instance_norm``."""
    if use_input_stats:
        return group_norm(z, z.shape[1], weight, bias, eps)
    return F.batch_norm(z, running_mean, running_var, weight, bias, False, momentum, eps)


def rms_norm(z: Tensor, shape: Sequence[int], weight: Tensor | None = None, eps: float | None = None) -> Tensor:
    """As ``F.rms_norm``."""
    eps = torch.finfo(z.dtype).eps if eps is None else eps
    y = z * (z.square().mean(tuple(range(-len(shape), 0)), keepdim=True) + eps).rsqrt()
    return y if weight is None else y * weight


def normalize(z: Tensor, p: float = 2.0, dim: int = 1, eps: float = 1e-12, *_: Any, **__: Any) -> Tensor:
    """As ``F.normalize``."""
    powers = z.square() if p == 2 else z.abs() ** p
    return z * (powers.sum(dim, keepdim=True) ** (1 / p)).clamp_min(eps).reciprocal()


def attend(query: Tensor, key: Tensor, value: Tensor, attn_mask: Tensor | None = None, dropout_p: float = 0,
           is_causal: bool = False, *, scale: float | None = None, **_: Any) -> Tensor:  # fmt: skip
    """As ``F.scaled_dot_product_attention``, without its dropout."""
    scores = query @ key.transpose(-1, -2) * (query.shape[-1] ** -0.5 if scale is None else scale)
    if is_causal:
        attn_mask = torch.ones(scores.shape[-2:], dtype=torch.bool, device=scores.device).tril()
    if attn_mask is not None:
        masked = attn_mask.dtype == torch.bool
        scores = scores.masked_fill(~attn_mask, -torch.inf) if masked else scores + attn_mask
    return softmax(scores, -1) @ value


def gated(z: Tensor, dim: int = -1) -> Tensor:
    """As ``F.glu``."""
    a, b = z.chunk(2, dim)
    return a * b.sigmoid()


def lstm_cell(x: Tensor, state: Sequence[Tensor], w_x: Tensor, w_h: Tensor, b_x: Tensor | None = None,
              b_h: Tensor | None = None) -> tuple[Tensor, Tensor]:  # fmt: skip
    """As ``torch.lstm_cell``: the next hidden state and cell state."""
    hidden, cell = state
    let, keep, new, show = (F.linear(x, w_x, b_x) + F.linear(hidden, w_h, b_h)).chunk(4, -1)
    cell = keep.sigmoid() * cell + let.sigmoid() * new.tanh()
    return show.sigmoid() * cell.tanh(), cell


MADE_OF: dict[str, Callable[..., Any]] = {
    **dict.fromkeys(("rdiv", "rtruediv"), inverse),
    "softmax": softmax,
    "log_softmax": log_softmax,
    "layer_norm": layer_norm,
    "group_norm": group_norm,
    "instance_norm": instance_norm,
    "rms_norm": rms_norm,
    "normalize": normalize,
    "scaled_dot_product_attention": attend,
    "glu": gated,
    "lstm_cell": lstm_cell,
}
"""The composite functions by name. ``quotient`` is not included, because it is decomposed only if the divisor depends
on the input."""
