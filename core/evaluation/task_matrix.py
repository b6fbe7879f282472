"""The matrix of tasks and mechanisms: the accuracy of each model, and its accuracy with changed attention.

Each cell is the card of a stored model. ``tasks.json`` next to the models contains further studies: the number of
training pictures that a mechanism needs, and the accuracy of ``plain`` with a receptive field of the whole picture.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import takewhile
from math import isfinite
from pathlib import Path
from typing import Any

from core.attention import MECHANISMS
from core.models import zoo
from core.tasks import TASKS
from core.types import InvalidInput, ModelCard

WAYS = ("uniform", "shuffled", "off")
"""The changes of the attention."""
ENOUGH = 0.9
"""The accuracy for which a learning curve gives the number of training pictures."""

Cells = dict[tuple[str, str], ModelCard]
"""The cards by task and mechanism."""


@dataclass(frozen=True)
class Spread:
    """The accuracies of a model over training seeds, their mean and standard deviation of the sample."""

    accuracies: tuple[float, ...]
    mean: float
    deviation: float


@dataclass(frozen=True)
class TaskStudies:
    """Studies of tasks in addition to the stored models.

    ``curves`` are by task and mechanism: pairs of training pictures and accuracy, fewest pictures first.
    ``full_reach`` holds by task the "accuracy" of ``plain`` with a receptive field of the whole picture, and other
    stored facts, such as "epochs".
    """

    curves: Mapping[str, Mapping[str, tuple[tuple[int, float], ...]]] = field(default_factory=dict)
    full_reach: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def task_cells(cards: Iterable[ModelCard]) -> Cells:
    """Return the cards of measured task models by task and mechanism, in catalog order."""
    found = {(card.family, card.mechanism): card for card in cards if card.accuracy is not None}
    places = ((task.slug, kind.slug) for task in TASKS for kind in MECHANISMS)
    return {place: found[place] for place in places if place in found}


def lost(card: ModelCard, way: str) -> float | None:
    """Return the loss of accuracy with attention uniform, shuffled or off; None if it was not measured."""
    left = card.ablation.get(way)
    return None if left is None or card.accuracy is None else card.accuracy - left


def spread_of(card: ModelCard) -> Spread | None:
    """Return the spread of the accuracy over training seeds; None if the card has only one seed."""
    given = card.facts.get("seeds")
    if not isinstance(given, dict) or not isinstance(given.get("accuracies"), list) or len(given["accuracies"]) < 2:
        return None
    numbers = [*given["accuracies"], given.get("mean"), given.get("std")]
    if not all(map(_is_share, numbers)):
        return None
    return Spread(tuple(given["accuracies"]), given["mean"], given["std"])


def levels_of(card: ModelCard) -> tuple[float, ...]:
    """Return the accuracy on the pictures of each level, from the first; empty where there are none."""
    given = card.facts.get("levels")
    if not isinstance(given, dict) or not all(map(_is_share, given.values())):
        return ()
    return tuple(given.values())


def pictures_for(curve: Iterable[tuple[int, float]], enough: float = ENOUGH) -> int | None:
    """Return the fewest training pictures from which on a learning curve stays at the accuracy ``enough``, or None.

    A single point above it proves little: a training with more pictures may fail.
    """
    reached = takewhile(lambda point: point[1] >= enough, sorted(curve, reverse=True))
    return min((pictures for pictures, _ in reached), default=None)


def studies_file() -> Path:
    """Return the file of the studies that are shipped with the zoo."""
    return zoo.zoo_folder() / "tasks.json"


def open_studies(path: str | Path | None = None) -> TaskStudies:
    """Open the studies in a file, by default the shipped one; empty if the file does not exist.

    Raises:
        InvalidInput: the file holds something else.
    """
    path = Path(path or studies_file())
    if not path.is_file():
        return TaskStudies()
    try:
        given = json.loads(path.read_text("utf-8"))
        curves = {
            task: {name: tuple(sorted(map(_point, points))) for name, points in of_task.items()}
            for task, of_task in given.get("learning_curves", {}).items()
        }
        reach = {task: dict(facts) for task, facts in given.get("full_reach", {}).items()}
        if not all(_is_share(facts.get("accuracy")) for facts in reach.values()):
            raise ValueError("full_reach has no accuracy")
    except (AttributeError, TypeError, ValueError, KeyError, OSError) as error:
        raise InvalidInput("{path} is not a valid file of task studies. Copy it again.", path=path) from error
    return TaskStudies(curves, reach)


def _point(pair: Any) -> tuple[int, float]:
    pictures, accuracy = pair
    if not isinstance(pictures, int) or isinstance(pictures, bool) or pictures < 1 or not _is_share(accuracy):
        raise ValueError("a point of a learning curve is a number of pictures and an accuracy")
    return pictures, float(accuracy)


def _is_share(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value) and 0 <= value <= 1
