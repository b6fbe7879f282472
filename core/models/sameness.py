"""When two outputs of a model count as the same."""

from __future__ import annotations

from torch import Tensor

CLOSE = 1e-4
"""Of the spread of the logits: how far two answers to one picture may lie apart."""
ROUNDING = 1e-5
"""Of the largest logit: what is left to rounding where all logits are nearly the same."""


def same(a: Tensor, b: Tensor, among: Tensor | None = None, close: float = CLOSE) -> bool:
    """Whether two answers are one, to rounding; those that are not finite never are.

    The spread, of which they may lie ``close`` apart, is that of ``a``, or of all the answers that it is ``among``.
    """
    if a.shape != b.shape:
        return False
    known = a if among is None else among
    allowed = close * (known.max() - known.min()) + ROUNDING * known.abs().max()
    return bool(((a - b).abs() <= allowed).all())
