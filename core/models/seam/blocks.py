"""The block around a call of attention, and how its output becomes a grid: a stage for Grad-CAM."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from core.models.seam.planes import OTHER, Trace, even, numbered
from core.models.seam.survey import Found, Survey
from core.models.stages import as_it_is, channels_first


def block_of(call: Found, found: Survey, calls: Sequence[Found]) -> str:
    """The outermost module with this call whose output has the shape of its input; "" if there is none.

    Other calls within it run parallel to this one.
    """
    for name in call.path[1:]:
        shape = found.inputs.get(name)
        kept = shape is not None and len(shape) in (3, 4) and found.outputs.get(name) == shape
        if kept and parallel(name, [one for one in calls if name in one.path], found):
            return name
    return ""


def parallel(name: str, calls: Sequence[Found], found: Survey) -> bool:
    """Whether the calls within a module run side by side: in its own forward, or in parts with one input."""
    if len(calls) == 1:
        return True
    if found.runs[name] > 1:
        return False
    parts: dict[str, list[Found]] = {}
    for one in calls:
        parts.setdefault("".join(one.path[one.path.index(name) + 1 :][:1]), []).append(one)
    if "" in parts:
        return len(parts) == 1
    return len({found.given.get(part) for part in parts}) == 1 and all(
        parallel(part, own, found) for part, own in parts.items()
    )


@dataclass(frozen=True, eq=False)
class Patches:
    """Arranges tokens (b, n, c) as a grid (b, c, h, w), without the tokens ``before`` and after the patches.

    ``order`` are the places of the cells among the patches, if these are not row by row; ``turned``: (n, b, c).
    """

    before: int
    grid: tuple[int, int]
    order: Tensor | None = None
    turned: bool = False

    def __call__(self, tokens: Tensor) -> Tensor:
        """The grid of the patches."""
        tokens = tokens.transpose(0, 1) if self.turned else tokens
        own = tokens[:, self.before : self.before + self.grid[0] * self.grid[1]]
        own = own if self.order is None else own[:, self.order.to(own.device)]
        return own.transpose(1, 2).unflatten(2, self.grid)


def arrangement(trace: Trace | None, batch: int) -> Callable[[Tensor], Tensor] | None:
    """How an output becomes a grid (b, c, h, w), by its trace in a pass with so many pictures.

    It is tokens, or a grid with the channels first or last.
    """
    if trace is None:
        return None
    (height, width), plane = trace.grids[0], trace.planes[0]
    if plane.ndim == 3 and even(plane, 2):
        found = (token_arrangement(one, (height, width), batch) for one in (plane[..., 0], plane[..., 0].T))
        batch_first, turned = found
        return batch_first or (turned and replace(turned, turned=True))
    cells = numbered(len(plane), (height, width), plane.device)
    for axis, arrange in ((1, as_it_is), (3, channels_first)):
        if plane.ndim == 4 and even(plane, axis) and torch.equal(plane.select(axis, 0).flatten(1), cells):
            return arrange
    return None


def token_arrangement(tokens: Tensor, grid: tuple[int, int], batch: int) -> Patches | None:
    """How tokens with these cells (b, n) become a grid; None if not every cell is there once, in the same order."""
    if len(tokens) != batch:
        return None
    before = int((tokens[0] == OTHER).int().cumprod(0).sum())
    own = tokens[:, before : before + grid[0] * grid[1]]
    cells = numbered(len(tokens), grid, tokens.device)
    if own.shape != cells.shape or min(grid) < 2 or bool((tokens[:, before + own.shape[1] :] != OTHER).any()):
        return None
    found, order = own.sort(1)
    if not torch.equal(found, cells) or bool((order != order[:1]).any()):
        return None
    return Patches(before, grid, None if torch.equal(own, cells) else order[0])
