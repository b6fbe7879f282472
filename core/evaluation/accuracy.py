"""The accuracy of a model, its confusion matrix, and its accuracy with its attention changed."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch

from core.attention.tap import Steer, shuffled, steer, switched_off, uniform
from core.attribution import complete_methods
from core.attribution.completeness import FACT
from core.classifier import Classifier
from core.data.datasets import Dataset, Split
from core.images import open_image
from core.models.answers import answered
from core.types import ModelCard, Progress, frozen

STEERS: Mapping[str, Steer] = {"uniform": uniform, "shuffled": shuffled(0), "off": switched_off}
CLASSES = 200  # more would make cards of several megabytes


@dataclass(frozen=True, eq=False)
class Measurement:
    """The accuracy of a model on a number of ``pictures``, as a fraction.

    ``ablation`` is the accuracy with every tap ``uniform``, ``shuffled`` and ``off``; empty without attention.
    ``confusion`` (k, k) int64 counts: rows the true class, columns the predicted one. ``levels`` is the accuracy on the
    pictures of each level of difficulty; empty where they have none.
    """

    pictures: int
    accuracy: float
    ablation: dict[str, float]
    confusion: np.ndarray
    levels: dict[int, float]


def evaluate(
    classifier: Classifier,
    split: Split,
    *,
    steers: Mapping[str, Steer] = STEERS,
    progress: Progress | None = None,
    batch: int = 64,
) -> Measurement:
    """Predict every picture of a split, once unchanged and once with each of ``steers`` at every tap.

    The pictures are prepared as in the app.

    Raises:
        InvalidInput: a picture has no finite output.
    """
    wanted = dict(steers) if classifier.taps else {}
    right = dict.fromkeys(wanted, 0)
    classes = len(classifier.card.classes)
    confusion = np.zeros((classes, classes), np.int64)
    correct = np.zeros(len(split), bool)

    def count_correct(indices: range) -> None:
        labels = split.labels[indices.start : indices.stop]
        x = torch.cat([classifier.prepare(open_image(split.read(i))) for i in indices])
        for name, function in {"": None, **wanted}.items():
            chosen = steer(classifier.module, dict.fromkeys(classifier.taps, function)) if function else nullcontext()
            with torch.inference_mode(), chosen:
                scores = classifier.scores(x) if function else classifier.answer(x)
            answers, fine = scores.argmax(1).cpu().numpy(), answered(scores, classifier.card).cpu().numpy()
            if function:  # without a finite output, the prediction counts as wrong
                right[name] += int(((answers == labels) & fine).sum())
            else:
                np.add.at(confusion, (labels, answers), 1)
                correct[indices.start : indices.stop] = answers == labels

    for start in range(0, len(split), batch):
        indices = range(start, min(start + batch, len(split)))
        classifier.run(partial(count_correct, indices))
        if progress:
            progress(indices.stop, len(split))
    count = len(split)
    ablation = {name: hits / count for name, hits in right.items()}
    levels: dict[int, float] = {}
    if split.levels is not None:
        levels = {int(one): float(correct[split.levels == one].mean()) for one in np.unique(split.levels)}
    return Measurement(count, int(confusion.trace()) / count, ablation, frozen(confusion), levels)


def measure_card(classifier: Classifier, data: Dataset, progress: Progress | None = None) -> ModelCard:
    """Measure a classifier on a data set and return its card with the new values.

    Facts: ``confusion`` as lists, for up to ``CLASSES`` classes; the accuracy and the number of pictures of an
    ``independent`` split, and the accuracy on each of the ``levels``, if the data have them; and for each method that
    must be complete, whether it is.
    """
    found = evaluate(classifier, data.validation, progress=progress)
    measured = "confusion", "independent", "levels", FACT
    facts = {key: value for key, value in classifier.card.facts.items() if key not in measured}
    if data.independent is not None:
        apart = evaluate(classifier, data.independent, steers={}, progress=progress)
        facts["independent"] = {"accuracy": apart.accuracy, "pictures": apart.pictures}
    if len(data.classes) <= CLASSES:
        facts["confusion"] = found.confusion.tolist()
    if found.levels:
        facts["levels"] = {str(level): share for level, share in found.levels.items()}
    facts[FACT] = complete_methods(classifier)
    return replace(
        classifier.card, accuracy=found.accuracy, pictures=found.pictures, ablation=found.ablation, facts=facts
    )
