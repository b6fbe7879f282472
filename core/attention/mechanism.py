"""What a kind of attention states about itself, and where it sits in the backbone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import nn

from core.kinds import Kind
from core.messages import translatable


@dataclass(frozen=True)
class Mechanism:
    """One kind of attention.

    ``gate(channels)`` sits behind the third and the fourth stage and keeps the shape (b, c, h, w).
    ``convolution(channels, out, side, stride)`` stands in place of each 3×3 convolution of the fourth stage.
    ``pool(channels)`` stands in place of average pooling: (b, c, h, w) -> (b, c), or (b, s, c) where the model answers
    after each of s steps. ``block(channels)`` makes a transformer's block of tokens, in place of all stages. At most
    one of them is given. ``positions`` states that it looks for positions without knowing where they are, and so gets
    an encoding of them where a backbone has none to give. ``kind`` is that of its maps over the picture, for
    titles of a model that is not loaded; None where it has none. ``summary`` is a few plain words for a picker;
    ``equation`` is what it computes; ``paper`` is where it comes from.
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
        """Title and summary can be translated."""
        translatable(self, "title", "summary")
