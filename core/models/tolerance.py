"""The tolerance within which two outputs of a model are equal."""

from __future__ import annotations

from torch import Tensor

CLOSE = 1e-4
"""The largest difference of two outputs for one picture, as a share of the spread of the logits."""
ROUNDING = 1e-5
"""The tolerance for rounding, as a share of the largest logit, if all logits are nearly equal."""


def is_close(a: Tensor, b: Tensor, among: Tensor | None = None, close: float = CLOSE) -> bool:
    """Whether two outputs are equal, to rounding; outputs that are not finite never are.

    They may differ by ``close`` times the spread of ``a``, or of all the outputs ``among``.
    """
    if a.shape != b.shape:
        return False
    known = a if among is None else among
    allowed = close * (known.max() - known.min()) + ROUNDING * known.abs().max()
    return bool(((a - b).abs() <= allowed).all())
