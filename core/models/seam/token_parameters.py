"""The kinds of tokens around the patches by the names of the parameters that they start as.

A token that no output depends on can only be recognized by its name: the distillation token of a classifier without a
second head, or the class token of a model that averages the patches. To find its position, the parameter is changed,
and the inputs of the first attention are compared.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import torch
from torch import Tensor, nn

from core.models.seam.tokens import DISTILLATION, MOST, REGISTER, UNREAD_CLASS

KINDS = (
    (DISTILLATION, re.compile(r"dist(ill(ed|ation)?)?_?(tok|emb)")),
    (REGISTER, re.compile(r"(reg(ister)?s?|storage)(_?tok|$)")),
    (UNREAD_CLASS, re.compile(r"(cls|class)_?(tok|emb)")),
)
"""What the last part of a parameter's name begins with. A class token that is read is found by that."""


def kinds_by_parameters(
    module: nn.Module, forward: Callable[[Tensor], Tensor], x: Tensor, part: nn.Module, count: int
) -> dict[int, str]:
    """The kinds of tokens by their positions among the ``count`` tokens that a part takes, where a name states them.

    ``x`` (1, 3, size, size) is a picture; the parameters are as before afterwards. Of several tokens in one parameter,
    only the first is a class token.
    """
    found: dict[int, str] = {}
    before = taken(forward, x, part, count)
    if before is None:
        return found
    for name, parameter in module.named_parameters():
        kind = next((kind for kind, form in KINDS if form.match(name.rpartition(".")[2])), None)
        if kind is None or parameter.ndim > 3 or parameter.numel() > MOST * before.shape[-1]:
            continue
        own = parameter.detach().clone()
        try:
            with torch.no_grad():
                parameter.add_(torch.linspace(-1, 1, own.numel()).view_as(own).to(own))
            after = taken(forward, x, part, count)
        finally:
            with torch.no_grad():
                parameter.copy_(own)
        if after is None:
            continue
        changed = (after != before).any(-1).nonzero().flatten().tolist()
        if len(changed) * before.shape[-1] <= own.numel():
            found |= dict.fromkeys(changed[:1] if kind == UNREAD_CLASS else changed, kind)
    return found


def taken(forward: Callable[[Tensor], Tensor], x: Tensor, part: nn.Module, count: int) -> Tensor | None:
    """The tokens (n, c) of the picture that a part takes first; None if it takes others."""
    kept: list[Tensor] = []

    def keep(_: nn.Module, args: tuple[object, ...], kwargs: dict[str, object]) -> None:
        for one in (*args, *kwargs.values()):
            if not kept and isinstance(one, Tensor) and one.ndim == 3 and one.numel() == count * one.shape[-1]:
                kept.append(one.detach().reshape(count, -1).clone())

    handle = part.register_forward_pre_hook(keep, with_kwargs=True)
    try:
        with torch.no_grad():
            forward(x)
    finally:
        handle.remove()
    return kept[0] if kept else None
