"""The layout of attention weights: which axis counts what, and which cell of the picture each token is."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import torch
from torch import Tensor

BATCH, WINDOW, HEAD, QUERY, KEY = ROLES = ("batch", "window", "head", "query", "key")
"""What an axis counts, in the order of a tap's weights."""


@dataclass(frozen=True, eq=False)
class Layout:
    """How weights of any shape become those of a tap: (b, heads, n, m), or (b, windows, heads, n, n) with ``cells``.

    ``parts`` are the axes of the weights, each as a role and a size, the batch as -1; an axis that counts two of these,
    such as pictures and windows, is two parts. ``grid``, ``cells`` and ``allowed`` are those of a ``Record``.
    """

    parts: tuple[tuple[str, int], ...]
    grid: tuple[int, int]
    cells: Tensor | None = None
    allowed: Tensor | None = None

    @property
    def order(self) -> tuple[int, ...]:
        """The parts in the order of a tap's axes."""
        return tuple(sorted(range(len(self.parts)), key=lambda place: ROLES.index(self.parts[place][0])))

    def arrange(self, weights: Tensor) -> Tensor:
        """The weights in a tap's order of axes."""
        moved = weights.reshape([size for _, size in self.parts]).permute(self.order)
        count = {role: prod(size for one, size in self.parts if one == role) for role in ROLES[1:]}
        windows = () if self.cells is None else (count[WINDOW],)
        return moved.reshape(-1, *windows, count[HEAD], count[QUERY], count[KEY])

    def restore(self, arranged: Tensor, shape: torch.Size) -> Tensor:
        """The weights in their own shape again."""
        moved = arranged.reshape([self.parts[place][1] for place in self.order])
        back = sorted(range(len(self.parts)), key=self.order.__getitem__)
        return moved.permute(back).reshape(shape)
