"""Where a model's features lie on the picture: what Grad-CAM may be asked of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

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
    have no one output, and modules within a larger one that leads from their size to another, for there the next stage
    has begun. Of two modules that give out the same grid it is the outer one.
    """
    runs: Counter[str] = Counter()
    sides: dict[str, tuple[int | None, int | None]] = {}  # of what goes in and what comes out, as modules finish

    def look(name: str, inputs: tuple, y: object) -> None:
        runs[name] += 1
        sides[name] = (side(inputs[0] if inputs else None), side(y))

    def leads_on(name: str) -> bool:
        own, parts = sides[name][1], name.split(".")
        above = (sides.get(".".join(parts[:depth]), (None, None)) for depth in range(1, len(parts)))
        return any(before == own != after for before, after in above)

    children = {name: child for name, child in module.named_modules() if name}
    handles = [child.register_forward_hook(lambda _, a, y, name=n: look(name, a, y)) for n, child in children.items()]
    try:
        module(x)
    finally:
        for handle in handles:
            handle.remove()
    last = {out: name for name, (_, out) in sides.items() if out and runs[name] == 1 and not leads_on(name)}
    return {name: Stage(children[name]) for name in sides if name in last.values()}


def side(y: object) -> int | None:
    """The side of a square grid (b, c, side, side) of more than one cell; None for anything else."""
    square = isinstance(y, Tensor) and y.ndim == 4 and y.shape[-1] == y.shape[-2] > 1
    return y.shape[-1] if square else None
