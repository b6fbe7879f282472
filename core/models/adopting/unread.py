"""Find taps whose weights the outputs of a model do not depend on, such as those of a pooling head that is not read."""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import suppress

import torch
from torch import Tensor, nn

from core.attention.tap import Tap, listen, steer, taps
from core.messages import Message
from core.models.tolerance import is_close

UNREAD = Message("the model's output does not depend on it")


def unread(module: nn.Module, run: Callable[[Tensor], Tensor], x: Tensor, among: Collection[Tap]) -> set[Tap]:
    """The taps ``among`` these that the outputs of ``run``, a forward pass of ``module``, do not depend on.

    A path in the graph settles it. Without one, because there is none or the weights are detached, the weights are set
    to zero. ``x`` (1, 3, size, size) is a picture.
    """
    suspects = set(among)
    with suppress(Exception):  # a foreign module without gradients may raise anything
        suspects -= connected(run, x, among)
    if not suspects:
        return set()
    names = {tap: name for name, tap in taps(module).items() if tap in suspects}
    found: set[Tap] = set()
    with torch.no_grad(), suppress(Exception):
        own = run(x)
        for tap, name in names.items():
            with steer(module, {name: lambda _, weights: torch.zeros_like(weights)}):
                changed = run(x)
            found |= {tap} if is_close(own, changed) else set()
    return found


def connected(run: Callable[[Tensor], Tensor], x: Tensor, among: Collection[Tap]) -> set[Tap]:
    """The taps with a path in the graph from their weights to the outputs."""
    with torch.enable_grad(), listen(among) as records:
        y = run(x.detach().clone().requires_grad_())
    uses = [(tap, use) for tap, one in records.items() for use in one.uses if use.requires_grad]
    if not uses or not y.requires_grad:
        return set()
    slopes = torch.autograd.grad(y.sum(), [use for _, use in uses], allow_unused=True)
    return {tap for (tap, _), slope in zip(uses, slopes, strict=True) if slope is not None}
