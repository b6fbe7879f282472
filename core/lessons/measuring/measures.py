"""The measures that a lesson's claims may name, each on the models and pictures that the claim states.

A measure gives a share of pictures or the mean of a number over pictures, with its standard error:

    share p of n pictures:  √(p (1 − p) / n)            mean of n numbers:  s / √n

so that a bound can be chosen at a distance of several errors. A text, such as a predicted class, has no error.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from torch import Tensor

from core.attention.tap import Steer, Tap
from core.attribution import attribute
from core.classifier import Classifier, read
from core.data import open_sample, swaps
from core.data.datasets import open_dataset
from core.evaluation.accuracy import evaluate
from core.evaluation.agreement import agreement
from core.evaluation.attention_truth import attention_truth
from core.evaluation.intervention import intervene
from core.evaluation.localization import localize
from core.evaluation.randomization import randomize
from core.evaluation.sources import map_source
from core.evaluation.views import ranks
from core.lessons.measuring.altered_pictures import altered_accuracy, erase_rate, follows_shortcut, slope_error
from core.lessons.measuring.attention import attention_moves, gate_level, map_correlation, solved
from core.lessons.measuring.cues import (
    gate_change,
    gate_overlap,
    gate_removal,
    ignores_cue,
    mirror_same,
    wrong_candidate,
)
from core.lessons.measuring.shared import (
    MEAN,
    PREDICTION,
    REACTION,
    SEED,
    Measure,
    Measured,
    Settings,
    changes,
    count_of,
    first,
    mean,
    model_of,
    pictures_of,
    share,
    steer_of,
    tap_of,
)
from core.lessons.measuring.single_pictures import CHANGED_BY, prediction, random_erasures, reaction, row_term
from core.models import zoo
from core.types import InvalidInput, ModelCard

__all__ = ["MEASURES", "Measure", "Measured", "mean", "share"]


def accuracy(settings: Settings) -> Measured:
    """The accuracy on pictures that were not used in training, with the attention changed in a ``way`` or unchanged."""
    classifier = model_of(settings)
    split = first(open_dataset(classifier.card.family).validation, count_of(settings))
    steers = {"way": only(classifier, settings)} if "way" in settings else {}
    found = evaluate(classifier, split, steers=steers)
    part = found.ablation["way"] if steers else found.accuracy
    return Measured(part, math.sqrt(part * (1 - part) / found.pictures), found.pictures)


def card_accuracy(settings: Settings) -> Measured:
    """The accuracy that the model's card states, measured once on all validation pictures.

    With the attention changed in a ``way``, or ``on`` the "independent" pictures of a family with a shortcut. With
    ``over`` = "seeds", the mean over models that were trained with several seeds, with its standard error: a claim
    about a mechanism must not depend on a single training run.

    Raises:
        InvalidInput: the card does not state it.
    """
    card = zoo.find_card(str(settings["model"]))
    if settings.get("over") == "seeds":
        return over_seeds(card, settings.get("way"))
    found: dict[str, Any] = {"accuracy": card.accuracy, "pictures": card.pictures}
    if "way" in settings:
        found["accuracy"] = card.ablation.get(str(settings["way"]))
    if settings.get("on") == "independent":
        found = dict(card.facts.get("independent", {}))
    part, count = found.get("accuracy"), found.get("pictures")
    if part is None or not count:
        raise InvalidInput(
            "The card of {model} does not state this accuracy. Choose another model.",
            model=card.slug,
        )
    return Measured(part, math.sqrt(part * (1 - part) / count), count)


def over_seeds(card: ModelCard, way: str | int | float | None) -> Measured:
    """The mean accuracy over the seeds on a card; its error is that between seeds, or of the pictures if larger."""
    found = card.facts.get("seeds")
    if not isinstance(found, dict) or len(found["seeds"]) < 3 or not card.pictures:
        raise InvalidInput(
            "The card of {model} does not state the accuracy over three seeds. Choose another model.", model=card.slug
        )
    values = found["accuracies"] if way is None else [one[str(way)] for one in found["ablations"]]
    part, count = float(np.mean(values)), card.pictures
    between = float(np.std(values, ddof=1)) / math.sqrt(len(values))
    return Measured(part, max(between, math.sqrt(part * (1 - part) / (count * len(values)))), count)


def only(classifier: Classifier, settings: Settings) -> Steer:
    """The change of a claim, for the claim's tap only if it names one."""
    change, chosen = steer_of(settings), {classifier.taps[name] for name in changes(classifier, settings)}

    def steered(tap: Tap, weights: Tensor) -> Tensor:
        return change(tap, weights) if tap in chosen else weights

    return steered


def flip_rate(settings: Settings) -> Measured:
    """The share of correctly classified pictures whose prediction changes with the attention."""
    classifier = model_of(settings)
    changed = changes(classifier, settings)
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
    """The share of an attention map inside the region with a ``role`` in a task's picture: cue, step or answer.

    ``part`` is "" for the whole map, "row" for the row of the answer's cells, or the number of a glimpse from 1.
    """
    classifier, part = model_of(settings), str(settings.get("part", ""))
    tap = tap_of(classifier, settings) if "tap" in settings else ""
    role, values = str(settings["role"]), []
    for case in pictures_of(classifier, settings):
        masks = {place.removesuffix("-"): mask for place, mask in case.masks.items() if place}
        maps = read(classifier, case.picture).maps
        chosen = next((one for one in maps if one.tap == tap), maps[-1])
        views = attention_truth(chosen, masks)
        values += [found[role].mass for view, found in views if part in (view.part, str(view.number + 1))][:1]
    if not values:
        raise InvalidInput(
            "{model} has no attention map over the picture. Choose a model that has one.",
            model=classifier.card.slug,
        )
    return mean(values)


def map_share(settings: Settings) -> Measured:
    """The share of a ``map`` that lies on the object of a scene, or on its ``role``: tag or background."""
    classifier, name = model_of(settings), str(settings["map"])
    source, role = map_source(classifier, name), str(settings.get("role", "object"))
    place = "" if role == "object" else f"{role}-"
    return mean(
        [
            localize(source(classifier, case.picture, case.target, None), case.masks[place]).mass
            for case in pictures_of(classifier, settings)
        ]
    )


def received(settings: Settings) -> Measured:
    """The largest share of a head's attention that one key receives from all queries: the mean of a column of weights.

    It is the largest over the heads of a ``tap``, or that of the head with the number ``part``, from 1; "mean" is the
    mean of all heads. With uniform attention it is 1 / (number of keys).
    """
    classifier, part, values = model_of(settings), str(settings.get("part", "")), []
    tap = tap_of(classifier, settings)
    for case in pictures_of(classifier, settings):
        columns = next(one for one in read(classifier, case.picture).maps if one.tap == tap).weights.mean(-2)
        if part:
            columns = columns.mean(0) if part == MEAN else columns[int(part) - 1]
        values.append(float(columns.max()))
    return mean(values)


def overlap(settings: Settings) -> Measured:
    """The mean overlap of the last attention map with the map of a ``method``."""
    classifier = model_of(settings)
    return mean(
        [
            agreement(
                read(classifier, case.picture).maps[-1], attribute(classifier, case.picture, str(settings["method"]))
            ).overlap.value
            for case in pictures_of(classifier, settings)
        ]
    )


def class_likeness(settings: Settings) -> Measured:
    """The mean rank correlation of a method's maps for the two most likely classes; 1: independent of the class."""
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


CHANGE = ("way", "tap", "parts_off")
ERASING = ("map", "share", "which", "fill")
ALTERING = ("model", "pictures", "alter", "block")
ROW = ("model", "sample", "tap", "part", "cell", "key", "term")
PLACE = ("tap", "part", "role")
COMPARED = ("model", "map", "other")
REACTING = ("model", "sample", *CHANGE, *ERASING, "alter", "block", "to")

MEASURES = {
    one.slug: one
    for one in (
        Measure("accuracy", ("model", "pictures", *CHANGE), ("model",), "%", accuracy, share=True),
        Measure("card-accuracy", ("model", "way", "on", "over"), ("model",), "%", card_accuracy, share=True),
        Measure(
            "altered-accuracy",
            ("model", "pictures", "alter", "block"),
            ("model", "alter"),
            "%",
            altered_accuracy,
            share=True,
        ),
        Measure("flip-rate", ("model", "pictures", *CHANGE), ("model", "way"), "%", flip_rate, share=True),
        Measure("erase-rate", ("model", "pictures", *ERASING), ("model", "map"), "%", erase_rate, share=True),
        Measure("follows-cue", ("model", "pictures"), ("model",), "%", follows_cue, share=True),
        Measure("ignores-cue", ("model", "pictures"), ("model",), "%", ignores_cue, share=True),
        Measure("wrong-candidate", ("model", "pictures", *CHANGE), ("model",), "%", wrong_candidate, share=True),
        Measure("follows-shortcut", ("model", "pictures"), ("model",), "%", follows_shortcut, share=True),
        Measure("mirror-same", ("model", "pictures"), ("model",), "%", mirror_same, share=True),
        Measure("gate-change", ("model", "pictures", "by"), ("model", "by"), "", gate_change),
        Measure("gate-overlap", ("model", "pictures", "count"), ("model",), "%", gate_overlap),
        Measure("gate-removal", ("model", "pictures", "count", "which"), ("model",), "%", gate_removal, share=True),
        Measure("map-correlation", ("pictures", *COMPARED), COMPARED, "", map_correlation),
        Measure("slope-error", ("model", "pictures", "step"), ("model", "step"), "%", slope_error),
        Measure("attention-share", ("model", "pictures", *PLACE), ("model", "role"), "%", attention_share),
        Measure("received", ("model", "pictures", "tap", "part"), ("model", "tap"), "%", received),
        Measure("map-share", ("model", "pictures", "map", "role"), ("model", "map"), "%", map_share),
        Measure("overlap", ("model", "pictures", "method"), ("model", "method"), "%", overlap),
        Measure("class-likeness", ("model", "pictures", "method"), ("model", "method"), "", class_likeness),
        Measure("randomized", ("model", "pictures", "method", "stages"), ("model", "method"), "", randomized),
        Measure("gate-level", ("model", "pictures", "tap", "role"), ("model", "tap", "role"), "", gate_level),
        Measure("attention-moves", ("model", "pictures", "part"), ("model",), "%", attention_moves),
        Measure("solved", ("model",), ("model",), "%", solved),
        Measure(
            "random-erasures",
            ("model", "sample", "pictures", "share", "fill"),
            ("model", "sample"),
            "%",
            random_erasures,
            share=True,
        ),
        Measure("row-term", ROW, ROW, "", row_term),
        Measure(PREDICTION, ("model", "sample", *CHANGE), ("model", "sample"), "", prediction),
        Measure(REACTION, REACTING, ("model", "sample"), "", reaction, one_of=CHANGED_BY),
    )
}
"""Every measure; a setting is a key of a claim."""
