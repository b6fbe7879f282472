"""The result of a measure, and what all measures share: a claim's model, pictures and change of attention."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from core.attention.tap import Steer
from core.classifier import Classifier
from core.data.datasets import Split
from core.evaluation.accuracy import STEERS
from core.evaluation.cases import Case, find_cases
from core.evaluation.intervention import off
from core.loading import load
from core.messages import Message
from core.types import InvalidInput

PICTURES = 200
SEED = 0
NUMBERS = re.compile(r"[1-9]\d{0,3}(,[1-9]\d{0,3})*")
PARTS = ("head", "channel", "glimpse")
"""The parts of attention that can be switched off separately."""
MEAN = "mean"
"""The mean of all heads, in place of a part."""
WAYS = (*STEERS, *PARTS)
"""Every way to change attention that a claim or a state may name."""
STAYS, CHANGES = OUTCOMES = "stays", "changes"
"""The possible outcomes for a prediction after a change."""
PREDICTION, REACTION = "prediction", "reaction"
NAMED = (PREDICTION, REACTION)
"""The measures whose result is a name: a class, or whether a prediction stays or changes."""


@dataclass(frozen=True)
class Measured:
    """A measured ``value``, its standard ``error`` (0 for a text), and the number of ``pictures``."""

    value: float | str
    error: float
    pictures: int


Settings = Mapping[str, Any]


@dataclass(frozen=True)
class Measure:
    """A measure: the names of its ``settings``, the required ones, its ``unit``, and its function.

    ``share`` states that it counts pictures, so its interval is that of a share instead of a mean. Each claim needs one
    of the settings ``one_of``, unless there are none.
    """

    slug: str
    settings: tuple[str, ...]
    needed: tuple[str, ...]
    unit: str
    take: Callable[[Settings], Measured]
    share: bool = False
    one_of: tuple[str, ...] = ()


def share(hits: list[bool]) -> Measured:
    """The share of hits among the pictures."""
    part = sum(hits) / len(hits)
    return Measured(part, math.sqrt(part * (1 - part) / len(hits)), len(hits))


def mean(values: list[float]) -> Measured:
    """The mean over pictures."""
    error = float(np.std(values, ddof=1)) / math.sqrt(len(values)) if len(values) > 1 else 0.0
    return Measured(float(np.mean(values)), error, len(values))


def model_of(settings: Settings) -> Classifier:
    """The model that a claim is about, on the CPU, so that every machine measures the same."""
    return load(str(settings["model"]), "cpu")


def count_of(settings: Settings) -> int:
    """How many pictures a claim is measured on."""
    return int(settings.get("pictures", PICTURES))


def first(split: Split, count: int) -> Split:
    """The first pictures of a split."""
    return Split(split.labels[:count], split.read)


@lru_cache(maxsize=2)
def _cases(model: str, checksum: str, count: int) -> tuple[Case, ...]:
    return tuple(find_cases(load(model, "cpu"), count, SEED))


def pictures_of(classifier: Classifier, settings: Settings) -> Iterator[Case]:
    """Correctly classified pictures of a model's family, with their ground truth.

    They are cached for the next claim, which often uses the same ones.
    """
    return iter(_cases(classifier.card.slug, classifier.checksum, count_of(settings)))


def steer_of(settings: Settings) -> Steer:
    """The change of attention that a claim names: a ``way``, and for a part the numbers ``parts_off``, from 1."""
    way = str(settings["way"])
    if way not in WAYS:
        raise InvalidInput("'{way}' is not a way to change attention. Choose one of: {ways}.", way=way, ways=[*WAYS])
    if way in STEERS:
        return STEERS[way]
    numbers = str(settings.get("parts_off", "1"))
    if not NUMBERS.fullmatch(numbers):
        raise InvalidInput("'{value}' must look like '{example}'.", value=numbers, example="1,2")
    return off(**{way: [int(number) - 1 for number in numbers.split(",")]})


def changes(classifier: Classifier, settings: Settings) -> dict[str, Steer]:
    """The change of a claim's ``tap``, or of every tap of the model.

    Raises:
        InvalidInput: the model has no such tap, or no attention.
    """
    chosen = [*classifier.taps] if settings.get("tap") is None else [tap_of(classifier, settings)]
    if not chosen:
        raise InvalidInput(
            "{model} has no attention to change. Choose a model with attention.", model=classifier.card.slug
        )
    return dict.fromkeys(chosen, steer_of(settings))


def tap_of(classifier: Classifier, settings: Settings) -> str:
    """The name of a claim's ``tap``.

    Raises:
        InvalidInput: the model has no such tap.
    """
    name, taps = str(settings.get("tap", "")), [*classifier.taps]
    if name not in taps:
        raise InvalidInput(
            "{model} has no tap '{name}'. It has: {taps}.",
            model=classifier.card.slug,
            name=name,
            taps=taps or [Message("none")],
        )
    return name
