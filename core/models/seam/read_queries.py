"""How much the outputs of a model depend on each query of an attention, where no module puts its tokens out.

Such is attention pooling that computes a row for each token and keeps the first one, as in timm's CLIP ResNets.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from core.models.seam.forwards import CALLS
from core.models.seam.layouts import Layout
from core.models.seam.survey import Found


class Results(TorchFunctionMode):
    """Keeps the result of each softmax and fused attention of a pass, in their order."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[Tensor] = []

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        y = func(*args, **kwargs or {})
        if func in CALLS:
            self.kept.append(y[0] if isinstance(y, tuple) else y)
        return y


def read_queries(
    forward: Callable[[Tensor], Tensor], x: Tensor, calls: Sequence[Found], call: Found, layout: Layout
) -> list[float] | None:
    """How much the outputs depend on each query of a ``call`` among all ``calls`` of a pass; None where it is unknown.

    ``x`` (1, 3, size, size) is a picture, and ``layout`` that of the call's weights.
    """
    if layout.cells is not None:
        return None
    try:
        with torch.enable_grad(), Results() as results:
            logits = forward(x.detach().clone().requires_grad_())
    except Exception:  # a foreign module without gradients may raise anything
        return None
    if len(results.kept) != len(calls) or not logits.requires_grad:
        return None
    result = results.kept[calls.index(call)]
    if not result.requires_grad:
        return None
    (gradient,) = torch.autograd.grad(logits.square().sum(), [result], allow_unused=True)
    if gradient is None:
        return None
    size = gradient.abs()
    if call.func is F.multi_head_attention_forward:  # (n, b, c)
        return list(size.flatten(1).sum(1).tolist())
    if call.func is F.scaled_dot_product_attention:  # (b, heads, n, c)
        return list(size.transpose(0, -2).flatten(1).sum(1).tolist())
    return list(layout.arrange(size).sum((0, 1, -1)).tolist())  # (b, heads, n, m)
