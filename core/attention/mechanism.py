"""What a kind of attention says about itself, and where it sits in the backbone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import nn


@dataclass(frozen=True)
class Mechanism:
    """One kind of attention.

    ``gate(channels)`` sits behind the third and the fourth stage and keeps the shape (b, c, h, w).
    ``convolution(channels, out, side, stride)``, where given, stands in place of each 3×3 convolution of the fourth
    stage. ``summary`` is a few plain words for a picker; ``equation`` is what it computes; ``paper`` is where it
    comes from.
    """

    slug: str
    title: str
    summary: str
    equation: str
    paper: str
    gate: Callable[[int], nn.Module] | None = None
    convolution: Callable[[int, int, int, int], nn.Module] | None = None
