"""Measures of how a model uses the cue of a task, and of its channel gates."""

from __future__ import annotations

import numpy as np

from core.classifier import Classifier, read
from core.data import open_sample, swaps
from core.evaluation.intervention import intervene
from core.lessons.measuring.altered_pictures import mirrored
from core.lessons.measuring.shared import SEED, Measured, Settings, changes, count_of, mean, model_of, share
from core.types import AttentionMap, InvalidInput, Picture, Reading


def pairs(classifier: Classifier, settings: Settings) -> list[tuple[str, str]]:
    """Pictures of a task, each paired with the same picture whose cue leads to another answer."""
    family = classifier.card.family
    return [
        (found[0].slug, found[1].slug)
        for found in (swaps(f"{family}/{seed}") for seed in range(SEED, SEED + count_of(settings)))
    ]


def ignores_cue(settings: Settings) -> Measured:
    """The share of a task's pictures whose prediction is the same with another cue."""
    classifier = model_of(settings)
    return share(
        [
            read(classifier, open_sample(one)).predicted == read(classifier, open_sample(other)).predicted
            for one, other in pairs(classifier, settings)
        ]
    )


def wrong_candidate(settings: Settings) -> Measured:
    """Of the wrong predictions for a task's pictures, the share that is the answer to another cue of the picture.

    The attention is changed in a ``way``, or unchanged.
    """
    classifier, hits = model_of(settings), []
    changed = changes(classifier, settings) if "way" in settings else {}
    for one, _ in pairs(classifier, settings):
        right, *others = (swap.answer for swap in swaps(one))
        found = classifier.card.classes[intervene(classifier, open_sample(one), changed).predicted]
        if found != right:
            hits.append(found in others)
    if not hits:
        raise InvalidInput(
            "{model} makes no mistake on these pictures. Choose more pictures or another model.",
            model=classifier.card.slug,
        )
    return share(hits)


def mirror_same(settings: Settings) -> Measured:
    """The share of a task's pictures whose prediction is the same when they are mirrored."""
    classifier, hits = model_of(settings), []
    for one, _ in pairs(classifier, settings):
        picture = open_sample(one)
        hits.append(read(classifier, picture).predicted == read(classifier, mirrored(picture, classifier)).predicted)
    return share(hits)


def gates(classifier: Classifier, picture: Picture) -> np.ndarray:
    """The weights (c,) of the model's first pure channel gate.

    Raises:
        InvalidInput: the model has none.
    """
    return gate_map(classifier, read(classifier, picture)).weights.astype(np.float64)


def gate_map(classifier: Classifier, reading: Reading) -> AttentionMap:
    """The map of the model's first pure channel gate.

    Raises:
        InvalidInput: the model has none.
    """
    for one in reading.maps:
        if not one.kind.on_picture:
            return one
    raise InvalidInput(
        "{model} has no channel gate. Choose a model with one, such as squeeze-and-excitation.",
        model=classifier.card.slug,
    )


def gate_change(settings: Settings) -> Measured:
    """The mean change of a channel's weight ``by`` another cue or a mirrored picture."""
    classifier, values = model_of(settings), []
    for one, other in pairs(classifier, settings):
        picture = open_sample(one)
        changed = open_sample(other) if settings["by"] == "cue" else mirrored(picture, classifier)
        values.append(float(np.abs(gates(classifier, changed) - gates(classifier, picture)).mean()))
    return mean(values)


def gate_removal(settings: Settings) -> Measured:
    """The share of predictions that change when ``count`` channels are multiplied by zero instead of their weights.

    The channels have the largest weights ("most", the default), the smallest ("least"), or are "random".
    """
    classifier, count, hits = model_of(settings), int(settings.get("count", 10)), list[bool]()
    which = str(settings.get("which", "most"))
    for number, (one, _) in enumerate(pairs(classifier, settings)):
        picture = open_sample(one)
        found = read(classifier, picture)
        own = gate_map(classifier, found)
        order = np.argsort(own.weights if which == "least" else -own.weights, kind="stable")
        if which == "random":
            order = np.random.default_rng(number).permutation(order.size)
        removed = own.weights.copy()
        removed[order[:count]] = 0
        hits.append(intervene(classifier, picture, {own.tap: removed}).predicted != found.predicted)
    return share(hits)


def gate_overlap(settings: Settings) -> Measured:
    """How many of the ``count`` channels with the largest weights are among those that react most to the cue."""
    classifier, count, values = model_of(settings), int(settings.get("count", 10)), []
    for one, other in pairs(classifier, settings):
        own = gates(classifier, open_sample(one))
        reacting = np.abs(gates(classifier, open_sample(other)) - own)
        largest, most = ({*np.argsort(-found, kind="stable")[:count].tolist()} for found in (own, reacting))
        values.append(len(largest & most) / count)
    return mean(values)
