"""Fovea's public interface: attention of image classifiers beside their gradients.

>>> import core
>>> classifier = core.load("scenes/cbam")
>>> reading = core.read(classifier, core.open_image("photo.jpg"))
"""

from __future__ import annotations

from core.attention.reduction import to_grid
from core.attribution import attribute
from core.classifier import Classifier, load, read
from core.evaluation.agreement import agreement
from core.images import open_image, reframe
from core.models.shelf import cards
from core.types import (
    Agreement,
    AttentionMap,
    Attribution,
    InvalidInput,
    Kind,
    Measure,
    ModelCard,
    Picture,
    Reading,
    Stopped,
)

__all__ = [
    "Agreement",
    "AttentionMap",
    "Attribution",
    "Classifier",
    "InvalidInput",
    "Kind",
    "Measure",
    "ModelCard",
    "Picture",
    "Reading",
    "Stopped",
    "agreement",
    "attribute",
    "cards",
    "load",
    "open_image",
    "read",
    "reframe",
    "to_grid",
]
