"""Small short-sighted models of tasks with random weights, and files of a zoo that hold such models."""

from __future__ import annotations

from functools import cache

import torch

from core.classifier import Classifier
from core.models.zoo import build, freeze
from core.tasks import task
from core.types import SHORT_SIGHTED, ModelCard
from tests.conftest import WIDTHS, redraw

SIDE = 64


@cache
def short_sighted(family: str, mechanism: str) -> Classifier:
    """A narrow short-sighted classifier of 64 px for a task, on the CPU; the same one at every call."""
    slug, classes = f"{family}/{mechanism}", task(family).classes
    card = ModelCard(slug, slug, mechanism, classes, size=SIDE, widths=WIDTHS, architecture=SHORT_SIGHTED)
    return Classifier(card, freeze(redraw(build(card), seed=2)), torch.device("cpu"))
