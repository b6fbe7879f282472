"""Measures on one picture: the prediction, whether it stays after a change, and one attention weight."""

from __future__ import annotations

import numpy as np

from core.attention.derivation.terms import KEYS
from core.classifier import Classifier, read
from core.data import open_sample
from core.evaluation.cases import Case
from core.evaluation.derivation import derive
from core.evaluation.intervention import intervene
from core.images import open_image
from core.lessons.measuring.altered_pictures import (
    ALTERATIONS,
    INDEPENDENT_PICTURES,
    WITHOUT_POSITIONS,
    erased,
    without_positions,
)
from core.lessons.measuring.shared import (
    CHANGES,
    REACTION,
    STAYS,
    Measured,
    Settings,
    changes,
    count_of,
    model_of,
    share,
    tap_of,
)
from core.types import InvalidInput, Picture

RANDOM = "random"
TERMS = {"product": "q·k", "scaled": "q·k / √d", "bias": "B", "score": "s", "weight": "a"}
"""The columns of a row's table, by their names in claims."""
CHANGED_BY = ("way", "to", "alter", "map")
"""What can be changed: the attention, the picture, its pixels, the position encoding, or a region by erasing it."""


def prediction(settings: Settings) -> Measured:
    """The class that a model predicts for a sample, with its attention changed in a ``way`` or unchanged."""
    classifier, picture = model_of(settings), open_sample(str(settings["sample"]))
    found = _changed(classifier, picture, settings) if "way" in settings else read(classifier, picture).predicted
    return Measured(classifier.card.classes[found], 0.0, 1)


def reaction(settings: Settings) -> Measured:
    """Whether the prediction for a sample "stays" or "changes".

    With a ``way`` of its attention, for the sample ``to``, ``alter``-ed, or with a ``share`` of a ``map`` erased.

    Raises:
        InvalidInput: none of these is named.
    """
    classifier, picture = model_of(settings), open_sample(str(settings["sample"]))
    after = _changed(classifier, picture, settings)
    return Measured(STAYS if read(classifier, picture).predicted == after else CHANGES, 0.0, 1)


def _changed(classifier: Classifier, picture: Picture, settings: Settings) -> int:
    """The predicted class after the change."""
    if "way" in settings:
        return intervene(classifier, picture, changes(classifier, settings)).predicted
    if "to" in settings:
        return read(classifier, open_sample(str(settings["to"]))).predicted
    if "map" in settings:
        case = Case(picture, read(classifier, picture).predicted)
        return read(classifier, erased(classifier, case, settings, seed=0)).predicted
    alter = str(settings.get("alter", ""))
    if alter not in ALTERATIONS or alter == INDEPENDENT_PICTURES:
        raise InvalidInput(
            "The measure {measure} needs exactly one of these: {keys}.", measure=REACTION, keys=list(CHANGED_BY)
        )
    wanted = without_positions(classifier) if alter == WITHOUT_POSITIONS else classifier
    pixels: np.ndarray = ALTERATIONS[alter](wanted.square(picture), settings, 0)
    return read(wanted, open_image(pixels)).predicted


def random_erasures(settings: Settings) -> Measured:
    """The share of random regions whose erasing changes the prediction for a sample: ``pictures`` of them."""
    classifier, picture = model_of(settings), open_sample(str(settings["sample"]))
    case = Case(picture, read(classifier, picture).predicted)
    wanted = {**settings, "map": RANDOM, "which": RANDOM}
    return share(
        [
            read(classifier, erased(classifier, case, wanted, seed=number)).predicted != case.target
            for number in range(count_of(settings))
        ]
    )


def row_term(settings: Settings) -> Measured:
    """One number of a row of self-attention on a sample: of a head (``part``), from 1, and of the query in a ``cell``.

    ``key`` is the number of the key, from 1 for the largest weight of the row, and ``term`` what is given: "product"
    (q·k), "scaled" (q·k / √d), "bias" (B), "score" (the sum of both) or "weight" (the softmax of the row).
    """
    classifier, picture = model_of(settings), open_sample(str(settings["sample"]))
    row, column = (int(one) - 1 for one in str(settings["cell"]).split(","))
    part = int(settings["part"]) - 1
    found = derive(classifier, picture, tap_of(classifier, settings), part=part, cell=(row, column))
    table = next(one for one in found.tables if one.name == KEYS)
    values = dict(zip(table.columns, table.rows[int(settings["key"]) - 1].values, strict=True))
    return Measured(values[TERMS[str(settings["term"])]], 0.0, 1)
