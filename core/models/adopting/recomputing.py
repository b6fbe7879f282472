"""Test whether a model recomputes layers in the backward pass, by ``torch.utils.checkpoint``.

Such a pass fails if hooks were only set in the forward pass, or gives no gradient to the pictures.
"""

from __future__ import annotations

from collections.abc import Callable
from traceback import walk_tb

import torch
from torch import Tensor
from torch.autograd.graph import Node, disable_saved_tensors_hooks
from torch.utils import checkpoint


def recomputes(forward: Callable[[Tensor], Tensor], x: Tensor) -> bool:
    """Whether ``forward`` uses checkpoints for x."""
    try:
        with torch.enable_grad(), disable_saved_tensors_hooks("checkpoint"):
            y = forward(x.detach().requires_grad_())
    except Exception as error:  # non-reentrant checkpoints set such hooks
        return any(frame.f_code.co_filename == checkpoint.__file__ for frame, _ in walk_tb(error.__traceback__))
    left: list[Node | None] = [y.grad_fn]
    seen: set[Node] = set()
    while left:
        node = left.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        if node.name() == f"{checkpoint.CheckpointFunction.__name__}Backward":
            return True
        left += [before for before, _ in node.next_functions]
    return False
