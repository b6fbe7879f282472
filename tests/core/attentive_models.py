"""Models with attention as the tests of interventions take them, and readings compared."""

from __future__ import annotations

import numpy as np

import core
from core.attention import MECHANISMS
from core.classifier import Classifier
from core.types import Kind, ModelCard
from tests.conftest import CLASSES
from tests.core.small_models import small

ATTENTIVE = [one.slug for one in MECHANISMS if one.slug != "plain"]


def adopted(family: str) -> Classifier:
    module, size = small(family)
    return core.adopt(module, ModelCard(f"made/{family}", family, "transformer", CLASSES, size=size), "cpu")


def part_of(kind: Kind, number: int) -> object:
    name = {Kind.PAIRWISE: "head", Kind.WINDOWED: "head", Kind.SEQUENCE: "glimpse"}.get(kind, "channel")
    return core.off(**{name: number})


def same(one: core.Reading, two: core.Reading) -> bool:
    """Bitwise."""
    arrays = [
        [reading.probabilities, reading.logits, reading.energy, *(map_.weights for map_ in reading.maps)]
        + ([] if reading.steps is None else [reading.steps])
        for reading in (one, two)
    ]
    return all(np.array_equal(a, b) for a, b in zip(*arrays, strict=True))
