"""How far a gate varies: one that hardly does multiplies everything by the same number, and selects nothing."""

from __future__ import annotations

import numpy as np

from core.types import AttentionMap

NEARLY_CONSTANT = 0.05
"""A gate that varies by less than this share of its mean is nearly constant."""


def variation(attention: AttentionMap) -> float:
    """The range of all weights of a map, over positions and channels, as a share of their mean; 0 where all are zero.

    max(w) − min(w), divided by mean(w).
    """
    weights = np.asarray(attention.weights, np.float64)
    mean = float(weights.mean())
    return float(np.ptp(weights)) / mean if mean else 0.0


def is_nearly_constant(attention: AttentionMap) -> bool:
    """Whether a map that weighs positions or channels is nearly constant; False for one that compares, or a film."""
    kind = attention.kind
    return not (kind.compares or kind.growing) and variation(attention) < NEARLY_CONSTANT
