"""Fovea's public interface: attention of image classifiers beside their gradients.

>>> import core
>>> classifier = core.load("scenes/cbam")
>>> reading = core.read(classifier, core.open_image("photo.jpg"))
"""

from __future__ import annotations

from core.attention.reduction import to_grid
from core.attention.rollout import rollout_map
from core.attribution import attribute
from core.classifier import Classifier, adopt, load, open_model, read
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
    "adopt",
    "agreement",
    "attribute",
    "cards",
    "load",
    "open_image",
    "open_model",
    "read",
    "reframe",
    "rollout_map",
    "to_grid",
]
