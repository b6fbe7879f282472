"""One head or channel switched off by a tap, compared with the same edit by hand in the untouched module."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from core.attention.tap import Tap, steer
from core.classifier import Classifier

SOFTMAX = (F.softmax, torch.softmax, Tensor.softmax)
FUSED = (F.scaled_dot_product_attention, F.multi_head_attention_forward)


class Calls(TorchFunctionMode):
    """Counts the calls of a softmax or of fused attention; within ``owner``, the first has its head 0 switched off.

    The weights or the result of head 0 are set to zero, of an axis of heads or of the first one, where that counts
    pictures and heads.
    ``F.multi_head_attention_forward`` puts out the sum over heads: there, the columns of its last matrix for
    head 0 are set to zero.
    """

    def __init__(self, owner: nn.Module | None = None):
        super().__init__()
        self.owner, self.count, self.within, self.edited = owner, 0, 0, False
        self.handles = []
        if owner is not None:
            self.handles = [
                owner.register_forward_pre_hook(lambda *_: self.step(1)),
                owner.register_forward_hook(lambda *_: self.step(-1)),
            ]

    def step(self, by: int) -> None:
        """The owner begins or has ended."""
        self.within += by

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        wanted = self.within and not self.edited
        if wanted and func is F.multi_head_attention_forward:
            self.count, self.edited = self.count + 1, True
            return func(**without_head(inspect.signature(func).bind(*args, **kwargs).arguments))
        y = func(*args, **kwargs)
        if func in SOFTMAX or func in FUSED:
            self.count += 1
            heads = int(getattr(self.owner, "num_heads", 0))
            several = isinstance(y, Tensor) and (y.ndim >= 4 or (y.ndim == 3 and heads > 0 and len(y) % heads == 0))
            if wanted and several:
                y, self.edited = y.clone(), True
                if heads > 1 and len(y) % heads == 0 and (y.ndim == 3 or y.shape[1] != heads):
                    y[::heads] = 0
                else:
                    y[:, 0] = 0
        return y


def without_head(given: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of ``F.multi_head_attention_forward`` with head 0 left out of the sum over heads."""
    matrix = given["out_proj_weight"].clone()
    matrix[:, : matrix.shape[1] // given["num_heads"]] = 0
    return {**given, "out_proj_weight": matrix}


def spread(logits: Tensor) -> float:
    """The range of logits (1, k), of which differences are parts."""
    return float(logits.max() - logits.min())


def answers(module: nn.Module, x: Tensor | Mapping[str, Tensor]) -> Tensor:
    """The logits of a module as it is, for pictures or for what its processor makes of them."""
    y = module(**x) if isinstance(x, Mapping) else module(x)
    return y if isinstance(y, Tensor) else y.logits if hasattr(y, "logits") else y[0]


def edit_difference(
    module: nn.Module, found: Classifier, x: Tensor, own: Tensor | Mapping[str, Tensor]
) -> float | None:
    """The largest difference of the logits (1, k) between one head or channel switched off by the tap and by hand.

    In parts of their spread, for the last tap that can be edited by hand; None where none can. ``x`` and ``own``
    (1, 3, h, w) are the picture as the adopted model and as the module itself takes it.
    """
    for name in reversed(found.taps):
        if name not in dict(module.named_modules()):
            continue  # the second call of an owner
        tap, owner = found.taps[name], module.get_submodule(name)
        if tap.softmax:
            with Calls(owner) as mode:
                edited = answers(module, own)
            for one in mode.handles:
                one.remove()
            if not mode.edited:
                continue
        elif tap.kind.on_picture:
            continue
        else:
            handle = owner.register_forward_hook(lambda _, __, y: torch.cat((0 * y[:, :1], y[:, 1:]), 1))
            edited = answers(module, own)
            handle.remove()
        with steer(found.module, {name: head_off(tap)}):
            steered = found.module(x)
        return float((steered - edited).abs().max()) / spread(answers(module, own))
    return None


def head_off(tap: Tap) -> Callable[[object, Tensor], Tensor]:
    """Sets the weights of head 0, or of channel 0, to zero."""

    def change(_: object, weights: Tensor) -> Tensor:
        weights = weights.clone()
        if tap.softmax and weights.ndim == 5:  # (b, windows, heads, n, m)
            weights[:, :, 0] = 0
        else:
            weights[:, 0] = 0
        return weights

    return change
