"""The variation of a gate: a nearly constant gate multiplies everything by the same number and selects nothing."""

from __future__ import annotations

import numpy as np

from core.types import AttentionMap

NEARLY_CONSTANT = 0.05
"""A gate is nearly constant if its weights vary by less than this share of their mean."""


def variation(attention: AttentionMap) -> float:
    """Return the range of all weights of a map, over positions and channels, divided by their mean; 0 if all are zero.

    max(w) − min(w), divided by mean(w).
    """
    weights = np.asarray(attention.weights, np.float64)
    mean = float(weights.mean())
    return float(np.ptp(weights)) / mean if mean else 0.0


def is_nearly_constant(attention: AttentionMap) -> bool:
    """Return whether a gate over positions or channels is nearly constant; False for any other map."""
    kind = attention.kind
    return not (kind.compares or kind.growing) and variation(attention) < NEARLY_CONSTANT
