"""Find patches and other tokens in a model with transformer blocks.

Most models put a class token before the patches. Others add registers or a distillation token, have no class token, or
put it last. The patches are the tokens that line up with the picture (``geometry``): a square of them, with up to
``MOST`` others before and after. If the outputs depend on one of these, it is the class token; if on two, the second is
the distillation token. All others are registers, unless the name of their first parameter states what they are
(``token_parameters``). If the outputs depend on the patches as well, a token is the class token only if it is the only
one that they depend on ``CLEAR`` times as much as on a patch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from math import isqrt
from typing import Any

import torch
from torch import Tensor, nn

from core.models.copying import hooked
from core.models.geometry import Place, on_picture
from core.models.importing import loaded

MOST = 16
CLEAR = 3.0
CLASS, DISTILLATION, REGISTER = "class", "distillation", "register"
READ = (CLASS, DISTILLATION)
UNREAD_CLASS = "unread-class"
"""A class token by its name, which the outputs do not depend on more than on a patch."""

Layout = tuple[int, int]
"""The number of tokens before and after the patches."""


def run(
    module: nn.Module, x: Tensor, blocks: Mapping[str, nn.Module], forward: Callable[[Tensor], Tensor] | None = None
) -> dict[str, list[float]]:
    """How much the outputs depend on each token after a block, for the blocks that run, by their names.

    Blocks of an unchanged torchvision model are left out.
    """
    kept: dict[str, Tensor] = {}
    ran: set[nn.Module] = set()

    def keep(name: str, y: Any) -> None:
        kept[name] = y if isinstance(y, Tensor) else y[0]  # also of an output object

    torchvision = loaded("torchvision.models")
    models = [one for one in module.modules() if torchvision and type(one) is torchvision.VisionTransformer]
    usual = [one for one in models if "forward" not in vars(one) and not hooked(one)]
    handles = [one.register_forward_hook(lambda one, _, __: ran.add(one)) for one in usual]
    handles += [
        block.register_forward_hook(lambda _, __, y, name=name: keep(name, y)) for name, block in blocks.items()
    ]
    try:
        with torch.enable_grad():
            logits = (forward or module)(x.detach().clone().requires_grad_())
    finally:
        for handle in handles:
            handle.remove()
    known = {block for one in ran for block in one.modules()}
    kept = {name: y for name, y in kept.items() if blocks[name] not in known}
    gradients: Sequence[Tensor | None] = [None] * len(kept)
    if kept and logits.requires_grad:
        gradients = torch.autograd.grad(logits.square().sum(), list(kept.values()), allow_unused=True)

    def wanted(y: Tensor, gradient: Tensor | None) -> list[float]:
        token = 1 if len(y) == 1 else 0  # tokens may come before pictures
        return [0.0] * y.shape[token] if gradient is None else gradient.abs().sum((1 - token, 2)).tolist()

    return {name: wanted(y, gradient) for (name, y), gradient in zip(kept.items(), gradients, strict=True)}


def name_tokens(wanted: list[float], layout: Layout) -> tuple[str, ...]:
    """The kinds of the tokens around the patches, by how much the outputs depend on those of the last block."""
    first, last = layout[0], len(wanted) - layout[1]
    others = wanted[:first] + wanted[last:]
    patch = sum(wanted[first:last]) / max(1, last - first)
    read = [number for number, one in enumerate(others) if one > CLEAR * patch]
    read = read if len(read) == 1 or not patch else []
    kinds = dict(zip(read, READ, strict=False))
    return tuple(kinds.get(number, REGISTER) for number in range(len(others)))


def with_names(measured: tuple[str, ...], known: Mapping[int, str], layout: Layout, count: int) -> tuple[str, ...]:
    """The kinds of tokens around the patches; those that are ``known`` by position, where outputs do not show them."""
    places = (*range(layout[0]), *range(count - layout[1], count))
    found = [known.get(place, one) if one == REGISTER else one for place, one in zip(places, measured, strict=True)]
    return tuple(found)


def layouts_of(count: int) -> Iterator[Layout]:
    """The possible layouts of ``count`` tokens: all others before, all after, or one separate from the rest."""
    for side in range(isqrt(count), 1, -1):
        others = count - side**2
        if others > MOST:
            return
        one = min(1, others)
        yield from dict.fromkeys(((others, 0), (0, others), (one, others - one), (others - one, one)))


def find_layout(
    module: Callable[[Tensor], Any], x: Tensor, blocks: Mapping[str, nn.Module], count: int
) -> Layout | None:
    """The layout of the blocks' tokens for which the patches line up with the picture most clearly, or None."""

    def tokens(y: Any) -> Tensor:
        return y if isinstance(y, Tensor) else y[0]

    def arranged(layout: Layout) -> Callable[[tuple[Any, ...], Any], Tensor]:
        first, last = layout[0], count - layout[1]
        side = isqrt(last - first)
        return lambda inputs, y: tokens(y)[:, first:last].transpose(1, 2).unflatten(2, (side, side))

    places = {
        (name, layout): Place(block, arranged(layout)) for name, block in blocks.items() for layout in layouts_of(count)
    }
    clear: dict[Layout, float] = {}
    for (_, layout), value in on_picture(module, x, places).items():
        clear[layout] = clear.get(layout, 0) + value
    return max(clear, key=clear.__getitem__) if clear else None
