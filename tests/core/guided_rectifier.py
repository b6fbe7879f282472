"""A ReLU whose gradient follows the rule of guided backpropagation, written out."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class GuidedReLU(nn.Module):
    """ReLU that passes a gradient back where both it and the input are positive."""

    class Rule(torch.autograd.Function):
        @staticmethod
        def forward(context: torch.autograd.function.FunctionCtx, x: Tensor) -> Tensor:
            context.save_for_backward(x)
            return x.clamp(min=0)

        @staticmethod
        def backward(context: torch.autograd.function.FunctionCtx, gradient: Tensor) -> Tensor:
            (x,) = context.saved_tensors
            return gradient * (gradient > 0) * (x > 0)

    def forward(self, x: Tensor) -> Tensor:
        return self.Rule.apply(x)


def guide(module: nn.Module) -> nn.Module:
    """The module, with each of its ReLUs replaced by ``GuidedReLU`` in place."""
    for parent in list(module.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, nn.ReLU):
                setattr(parent, name, GuidedReLU())
    return module
