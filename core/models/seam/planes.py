"""Planes: which cell of a grid each number of a tensor belongs to. See ``traces``, which follow them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

OTHER, UNKNOWN, CHANNEL, LEARNED = -1.0, -2.0, -3.0, -4.0
"""A token that is no cell; one of an unknown kind; an axis of channels, where tokens were summed over; a query that
is no token, but a parameter."""


@dataclass(frozen=True, eq=False)
class Trace:
    """The ``planes`` of a tensor, and the grid (h, w) of each; ``allowed`` is 0 where the key is hidden to the query.

    ``call`` is the number of the softmax that the weights come from; ``mixed`` states that heads were mixed since, and
    ``blended`` that others were added to the weights, which belong to no cells, such as weights by position.
    """

    planes: tuple[Tensor, ...]
    grids: tuple[tuple[int, int], ...]
    allowed: Tensor | None = None
    call: int | None = None
    mixed: bool = False
    blended: bool = False

    def map(self, change: Callable[[Tensor], Tensor]) -> Trace:
        """The trace of a tensor whose numbers were moved."""
        allowed = None if self.allowed is None else change(self.allowed)
        return replace(self, planes=tuple(change(one) for one in self.planes), allowed=allowed)

    def all(self, mark: float) -> bool:
        """Whether it is the trace of a tensor of one plane without cells, all of it ``OTHER`` or ``LEARNED``."""
        return len(self.planes) == 1 and bool((compact(self.planes[0]) == mark).all())


def numbered(batch: int, grid: tuple[int, int], device: torch.device | None = None) -> Tensor:
    """The plane (b, h·w) of the cells of a grid."""
    cells = grid[0] * grid[1]
    return 1 + torch.arange(batch * cells, dtype=torch.float32, device=device).view(batch, cells)


def compact(plane: Tensor) -> Tensor:
    """A plane without the repetitions of expanded axes, each of which has length one."""
    for axis, stride in enumerate(plane.stride()):
        if stride == 0 and plane.shape[axis] > 1:
            plane = plane.narrow(axis, 0, 1)
    return plane


def even(plane: Tensor, axis: int) -> bool:
    """Whether a plane is the same all along an axis."""
    plane = compact(plane)
    return plane.shape[axis] == 1 or bool((plane == plane.narrow(axis, 0, 1)).all())


def complete(trace: Trace) -> bool:
    """Whether the trace of a tensor of one plane has each cell of its grid once, in whatever order."""
    if len(trace.planes) != 1:
        return False
    plane, size = trace.planes[0], trace.grids[0][0] * trace.grids[0][1]
    for axis in range(plane.ndim):
        plane = plane.narrow(axis, 0, 1) if plane.shape[axis] and even(plane, axis) else plane
    cells = plane[plane > 0]
    pictures = ((cells - 1) // size).unique()
    return len(cells) == len(cells.unique()) == size * len(pictures) > 0


def kernel_of(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> int:
    """The longer side of the kernel of a convolution or pool; 0 for functions that enlarge, or pool to a given size."""
    if any(part in name for part in ("adaptive", "interpolate", "transpose")):
        return 0
    given = args[1] if len(args) > 1 else kwargs.get("weight", kwargs.get("kernel_size", 0))
    sides = given.shape[2:] if isinstance(given, Tensor) else given
    return max(sides) if isinstance(sides, tuple | list) else int(sides)


def unpadded(plane: Tensor, grid: tuple[int, int], kernel: int) -> Tensor:
    """A plane (b, c, h, w) without the zeros around its grid; as it is if these are not fewer than a kernel's cells."""
    real = plane[:, 0] > 0
    rows, columns = (real.any(0).any(axis).nonzero().flatten() for axis in (1, 0))
    extra = [size - side for size, side in zip(plane.shape[2:], grid, strict=True)]
    if (len(rows), len(columns)) != grid or max(extra) == 0 or max(extra) >= kernel:
        return plane
    return plane[:, :, rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def pooled(trace: Trace | None, axis: Any, y: Tensor) -> Trace | None:
    """The trace of the largest or mean number along an axis of neighboring cells: those of a coarser grid.

    None where there is more than one plane, or where the cells are no rectangles of one size that tile the grid.
    """
    axis = axis[0] if isinstance(axis, tuple | list) and len(axis) == 1 else axis
    if trace is None or len(trace.planes) > 1 or not isinstance(axis, int) or even(trace.planes[0], axis):
        return None
    plane, (height, width) = compact(trace.planes[0]).movedim(axis, -1), trace.grids[0]
    if bool((plane <= 0).any()):
        return None
    picture, cell = (plane - 1).div(height * width, rounding_mode="floor"), (plane - 1) % (height * width)
    row, column = cell.div(width, rounding_mode="floor"), cell % width
    tall, wide = (int((one.amax(-1) - one.amin(-1)).amax()) + 1 for one in (row, column))
    if tall * wide != plane.shape[-1] or height % tall or width % wide:
        return None
    grid = (height // tall, width // wide)
    if 1 in grid:  # of whole rows, or of everything: no longer a picture
        return None
    coarse = row.div(tall, rounding_mode="floor") * grid[1] + column.div(wide, rounding_mode="floor")
    fresh = 1 + picture * grid[0] * grid[1] + coarse
    if not even(fresh, -1):
        return None
    fresh = fresh[..., 0]
    return Trace(((fresh if fresh.ndim == y.ndim else fresh.unsqueeze(axis)).expand(y.shape),), (grid,))


def agreed(a: Tensor, b: Tensor, unknown: Tensor) -> Tensor:
    """The plane of a function of two tensors: ``unknown`` where theirs differ, save for padding at a class token."""
    token = ((a == OTHER) & (b == 0)) | ((a == 0) & (b == OTHER))
    return torch.where(a == b, a, torch.where(token, OTHER, unknown))
