"""The description of an attention mechanism, and its position in the backbone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import nn

from core.kinds import Kind
from core.messages import translatable


@dataclass(frozen=True)
class Mechanism:
    """One attention mechanism.

    ``gate(channels)`` is inserted after the third and the fourth stage and keeps the shape (b, c, h, w).
    ``convolution(channels, out, side, stride)`` replaces each 3×3 convolution of the fourth stage. ``pool(channels)``
    replaces average pooling: (b, c, h, w) -> (b, c), or (b, s, c) for a model with an output after each of s steps.
    ``block(channels)`` makes a transformer block of tokens, which replaces all stages. At most one of these four is
    given. ``positions``: the mechanism compares features without their positions, so it needs a position encoding if
    the backbone has none. ``kind`` is the kind of its maps over the picture, for titles of a model that is not loaded;
    None if it has no such map. ``summary`` is a short description for the picker, ``equation`` the computation, and
    ``paper`` the source.
    """

    slug: str
    title: str
    summary: str
    equation: str
    paper: str
    gate: Callable[[int], nn.Module] | None = None
    convolution: Callable[[int, int, int, int], nn.Module] | None = None
    pool: Callable[[int], nn.Module] | None = None
    block: Callable[[int], nn.Module] | None = None
    positions: bool = False
    kind: Kind | None = None

    def __post_init__(self) -> None:
        """Make the title and the summary translatable."""
        translatable(self, "title", "summary")
