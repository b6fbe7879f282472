"""Attribution: the catalog of methods, and the functions that run them."""

from __future__ import annotations

from core.attribution.attention import ATTENTION, MEAN
from core.attribution.batches import batch_sizes, fixed_batches, pace
from core.attribution.cam import GRAD_CAM
from core.attribution.catalog import METHODS, method, methods
from core.attribution.completeness import MAX_GAP
from core.attribution.dispatch import attribute, complete_methods, quiet, seconds
from core.attribution.gradient import SALIENCY
from core.attribution.method import Method, Parameter

__all__ = [
    "GRAD_CAM",
    "ATTENTION",
    "MAX_GAP",
    "MEAN",
    "METHODS",
    "SALIENCY",
    "Method",
    "Parameter",
    "attribute",
    "batch_sizes",
    "complete_methods",
    "fixed_batches",
    "method",
    "methods",
    "pace",
    "quiet",
    "seconds",
]
