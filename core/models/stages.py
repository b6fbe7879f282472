"""Where a model's features lie on the picture: what Grad-CAM may be asked of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn


def as_it_is(y: Tensor) -> Tensor:
    """An output that is (b, c, h, w) already."""
    return y


@dataclass(frozen=True, eq=False)
class Stage:
    """A ``module`` and how to ``arrange`` its raw output as a grid (b, c, h, w)."""

    module: nn.Module
    arrange: Callable[[Tensor], Tensor] = as_it_is


def watch(module: nn.Module, x: Tensor) -> dict[str, Stage]:
    """The stages of any model, found by running it on x: the last module that gives out a grid of each size.

    A grid is (b, c, side, side) and larger than one cell. Passed over are modules that run twice in one pass, for they
    have no one output, modules whose output does not reach what the model gives out, and modules within a larger one
    that leads from their size to another, for there the next stage has begun. Of two modules that give out the same
    grid it is the outer one.
    """
    runs: Counter[str] = Counter()
    sides: dict[str, tuple[int | None, int | None]] = {}  # of what goes in and what comes out, as modules finish
    grids: dict[str, Tensor] = {}

    def look(name: str, inputs: tuple, y: object) -> None:
        runs[name] += 1
        sides[name] = (side(inputs[0] if inputs else None), side(y))
        if sides[name][1]:
            grids[name] = y

    def leads_on(name: str) -> bool:
        own, parts = sides[name][1], name.split(".")
        above = (sides.get(".".join(parts[:depth]), (None, None)) for depth in range(1, len(parts)))
        return any(before == own != after for before, after in above)

    children = {name: child for name, child in module.named_modules() if name}
    handles = [child.register_forward_hook(lambda _, a, y, name=n: look(name, a, y)) for n, child in children.items()]
    try:
        with torch.enable_grad():
            logits = module(x.detach().requires_grad_())
    finally:
        for handle in handles:
            handle.remove()
    used = read(logits, grids)
    last = {out: name for name, (_, out) in sides.items() if name in used and runs[name] == 1 and not leads_on(name)}
    return {name: Stage(children[name]) for name in sides if name in last.values()}


def read(logits: Tensor, grids: dict[str, Tensor]) -> set[str]:
    """The names of the grids that the logits hang on."""
    known = {name: grid for name, grid in grids.items() if grid.requires_grad}
    if not known or not logits.requires_grad:
        return set()
    slopes = torch.autograd.grad(logits.sum(), list(known.values()), allow_unused=True)
    return {name for name, slope in zip(known, slopes, strict=True) if slope is not None}


def side(y: object) -> int | None:
    """The side of a square grid (b, c, side, side) of more than one cell; None for anything else."""
    square = isinstance(y, Tensor) and y.ndim == 4 and y.shape[-1] == y.shape[-2] > 1
    return y.shape[-1] if square else None
