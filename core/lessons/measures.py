"""The measures that a lesson's claims may name, each on the models and pictures that the claim states.

A measure gives a share of pictures or the mean of a number over pictures, with its standard error:

    share p of n pictures:  √(p (1 − p) / n)            mean of n numbers:  s / √n

so that a bound can be chosen at a distance of several errors. A text, such as a predicted class, has no error.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.attribution import attribute
from core.classifier import Classifier, read
from core.data import open_sample, swaps
from core.data.datasets import Split, open_dataset
from core.evaluation.accuracy import STEERS, evaluate
from core.evaluation.agreement import agreement
from core.evaluation.attention_truth import attention_truth
from core.evaluation.cases import Case, find_cases
from core.evaluation.intervention import intervene
from core.evaluation.randomization import randomize
from core.evaluation.views import ranks
from core.loading import load
from core.types import InvalidInput

WAYS = tuple(STEERS)
PICTURES = 200
SEED = 0


@dataclass(frozen=True)
class Measured:
    """A measured ``value``, its standard ``error`` (0 for a text), and over how many ``pictures`` it was taken."""

    value: float | str
    error: float
    pictures: int


Settings = Mapping[str, Any]


@dataclass(frozen=True)
class Measure:
    """A measure by its name: the names of its ``settings``, those that it needs, its ``unit``, and how it is taken."""

    slug: str
    settings: tuple[str, ...]
    needed: tuple[str, ...]
    unit: str
    take: Callable[[Settings], Measured]


def share(hits: list[bool]) -> Measured:
    """The share of the pictures that are hits."""
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


def changes(classifier: Classifier, way: str) -> dict[str, Any]:
    """The change of every tap of a model."""
    if way not in STEERS:
        raise InvalidInput("There is no way '{way}' to change attention. Possible are: {ways}.", way=way, ways=[*WAYS])
    return dict.fromkeys(classifier.taps, STEERS[way])


def first(split: Split, count: int) -> Split:
    """The first pictures of a split."""
    return Split(split.labels[:count], split.read)


def pictures_of(classifier: Classifier, settings: Settings) -> Iterator[Case]:
    """Pictures of a model's family that it answers rightly, with what is known of them."""
    return iter(find_cases(classifier, count_of(settings), SEED))


def accuracy(settings: Settings) -> Measured:
    """The accuracy on pictures that the model was not trained on, with its attention changed in a ``way`` or as is."""
    classifier = model_of(settings)
    split = first(open_dataset(classifier.card.family).validation, count_of(settings))
    way = settings.get("way")
    steers = {} if way is None else {str(way): STEERS[str(way)]}
    found = evaluate(classifier, split, steers=steers)
    part = found.ablation[str(way)] if way is not None else found.accuracy
    return Measured(part, math.sqrt(part * (1 - part) / found.pictures), found.pictures)


def flip_rate(settings: Settings) -> Measured:
    """The share of rightly answered pictures whose prediction changes with the attention."""
    classifier = model_of(settings)
    changed = changes(classifier, str(settings["way"]))
    return share(
        [
            intervene(classifier, case.picture, changed).predicted != case.target
            for case in pictures_of(classifier, settings)
        ]
    )


def follows_cue(settings: Settings) -> Measured:
    """The share of a task's pictures whose prediction follows the cue to another answer."""
    classifier = model_of(settings)
    family, hits = classifier.card.family, []
    for seed in range(SEED, SEED + count_of(settings)):
        other = swaps(f"{family}/{seed}")[1]
        hits.append(classifier.card.classes[read(classifier, open_sample(other.slug)).predicted] == other.answer)
    return share(hits)


def attention_share(settings: Settings) -> Measured:
    """The share of an attention map that lies on what has a ``role`` in a task's picture: cue, step or answer."""
    classifier = model_of(settings)
    tap, role, values = str(settings.get("tap", "")), str(settings["role"]), []
    for case in pictures_of(classifier, settings):
        masks = {place.removesuffix("-"): mask for place, mask in case.masks.items() if place}
        maps = read(classifier, case.picture).maps
        chosen = next((one for one in maps if one.tap == tap), maps[-1])
        for _, found in attention_truth(chosen, masks)[:1]:
            values.append(found[role].mass)
    if not values:
        raise InvalidInput("The attention of {model} has no place on the picture.", model=classifier.card.slug)
    return mean(values)


def overlap(settings: Settings) -> Measured:
    """The mean overlap of the last attention map with the map of a ``method``."""
    classifier = model_of(settings)
    return mean(
        [
            agreement(
                read(classifier, case.picture).maps[-1], attribute(classifier, case.picture, str(settings["method"]))
            ).shared_mass.value
            for case in pictures_of(classifier, settings)
        ]
    )


def class_likeness(settings: Settings) -> Measured:
    """The mean rank correlation of a method's maps for the most likely class and for the second one; 1: class-blind."""
    classifier, values = model_of(settings), []
    for case in pictures_of(classifier, settings):
        best = read(classifier, case.picture).probabilities.argsort()[::-1][:2]
        maps = [attribute(classifier, case.picture, str(settings["method"]), target=int(one)).values for one in best]
        values.append(correlation(*maps))
    return mean(values)


def correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Spearman's rank correlation of two maps; 1 for equal ones, 0 where one of two is constant."""
    if np.array_equal(a, b):
        return 1.0
    first_ranks, second_ranks = (ranks(one.reshape(1, -1))[0] for one in (a, b))
    spread = first_ranks.std() * second_ranks.std()
    covered = ((first_ranks - first_ranks.mean()) * (second_ranks - second_ranks.mean())).mean()
    return float(covered / spread) if spread else 0.0


def randomized(settings: Settings) -> Measured:
    """The mean rank correlation of a method's maps before and after weights are re-initialized: ``stages`` of them."""
    classifier, values = model_of(settings), []
    depth = int(settings.get("stages", 1))
    for number, case in enumerate(pictures_of(classifier, settings)):
        found = randomize(classifier, case.picture, str(settings["method"]), seed=number).likeness
        likeness = found[min(depth, len(found)) - 1]
        values.append(0.0 if likeness is None else likeness)
    return mean(values)


def prediction(settings: Settings) -> Measured:
    """The class that a model predicts for a sample, with its attention changed in a ``way`` or as is."""
    classifier, picture = model_of(settings), open_sample(str(settings["sample"]))
    way = settings.get("way")
    found = read(classifier, picture) if way is None else intervene(classifier, picture, changes(classifier, str(way)))
    return Measured(classifier.card.classes[found.predicted], 0.0, 1)


MEASURES = {
    one.slug: one
    for one in (
        Measure("accuracy", ("model", "pictures", "way"), ("model",), "%", accuracy),
        Measure("flip-rate", ("model", "pictures", "way"), ("model", "way"), "%", flip_rate),
        Measure("follows-cue", ("model", "pictures"), ("model",), "%", follows_cue),
        Measure("attention-share", ("model", "pictures", "tap", "role"), ("model", "role"), "%", attention_share),
        Measure("overlap", ("model", "pictures", "method"), ("model", "method"), "%", overlap),
        Measure("class-likeness", ("model", "pictures", "method"), ("model", "method"), "", class_likeness),
        Measure("randomized", ("model", "pictures", "method", "stages"), ("model", "method"), "", randomized),
        Measure("prediction", ("model", "sample", "way"), ("model", "sample"), "", prediction),
    )
}
"""Every measure; a setting is a key of a claim."""
