"""The cases of the benchmark: correctly classified validation pictures with the known region of their evidence.

For scenes, the evidence is the mask of the object; for shortcut learners, it is the tag that reveals the class, or the
background, which is everything but the object. For tasks, it is everything that matters, and separately the cue, each
step and the answer. Four photographs of different classes are tiled into one picture, in which the evidence for a class
is its quadrant.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import numpy as np

from core import scenes
from core.classifier import Classifier, read
from core.data.datasets import NAMES, Split, open_dataset
from core.evaluation.localization import quadrant, tile
from core.families import find_family
from core.images import open_image
from core.scenes.shortcuts import HOLDS, SHORTCUTS, compose
from core.tasks import Task, draw, find_task
from core.types import InvalidInput, Picture

SCENES, TASK_PICTURES = 3000, 2000
"""The number of validation scenes, and of validation pictures of a task, to choose from."""


@dataclass(frozen=True, eq=False)
class Case:
    """A test case for maps: a picture, a class, and the known ``masks`` by name.

    ``whole``: the picture shows only this class, so deletion and insertion curves are defined.
    """

    picture: Picture
    target: int
    masks: dict[str, np.ndarray] = field(default_factory=dict)
    whole: bool = True


def find_cases(classifier: Classifier, count: int, seed: int, data: str | Path | None = None) -> list[Case]:
    """Find the cases for a model: ``count`` pictures, and for photographs also each one tiled with three others.

    ``data`` is the folder of the photographs, None the one that FOVEA_DATA names.

    Raises:
        InvalidInput: it is missing or has other classes, or the model classifies fewer than two pictures correctly.
    """
    family, draws = classifier.card.family, np.random.default_rng(seed)
    if family in SHORTCUTS:
        every = scene_cases(family, classifier.card.size, draws)
    elif task := find_task(family):
        every = task_cases(task, classifier, draws)
    else:
        dataset = open_dataset(family if family in NAMES else "imagenette", data)
        every = split_cases(dataset.validation, [classifier.target(one, np.empty(0)) for one in dataset.classes], draws)
    right = (one for one in every if is_right(classifier, one))
    found = list(islice(right, count))
    if len(found) < 2:
        raise InvalidInput(
            "{model} classifies fewer than two pictures correctly, so nothing can be measured. Give more pictures.",
            model=classifier.card.slug,
        )
    return [*found, *tiled_cases(classifier, found, draws)] if is_photographed(family) else found


def is_photographed(family: str) -> bool:
    """Return whether the pictures of a family are photographs, that is, neither scenes nor tasks."""
    return not find_family(family).drawn and find_task(family) is None


def is_right(classifier: Classifier, case: Case) -> bool:
    """Return whether the model predicts the class; False if its output is not finite."""
    try:
        return read(classifier, case.picture).predicted == case.target
    except InvalidInput:
        return False


def scene_cases(family: str, size: int, draws: np.random.Generator) -> Iterator[Case]:
    """Yield validation scenes in random order, with the masks of the object and of the learned shortcut."""
    seeds = scenes.seeds("val", SCENES)
    for place in draws.permutation(len(seeds)):
        label, shown = compose(seeds[place], SHORTCUTS[family], HOLDS)
        scene = scenes.draw(seeds[place], size, **shown)
        masks = {"": scene.mask} | ({} if scene.tag is None else {"tag-": scene.tag_mask})
        if SHORTCUTS[family] == "background":
            masks["background-"] = ~scene.mask
        yield Case(open_image(scene.pixels, name=f"scene {scene.seed}"), label, masks)


def task_cases(task: Task, classifier: Classifier, draws: np.random.Generator) -> Iterator[Case]:
    """Yield validation pictures of a task in random order, with the masks of each role and of all together."""
    seeds = scenes.seeds("val", TASK_PICTURES)
    for place in draws.permutation(len(seeds)):
        layout = task.compose(seeds[place], None)
        drawn = draw(layout, classifier.card.size)
        masks = {"": drawn.matters} | {f"{role}-": mask for role, mask in drawn.masks.items()}
        picture = open_image(drawn.pixels, name=f"{task.slug}/{seeds[place]}")
        yield Case(picture, classifier.target(layout.answer, np.empty(0)), masks)


def split_cases(split: Split, targets: list[int], draws: np.random.Generator) -> Iterator[Case]:
    """Yield the pictures of a split in random order; ``targets`` are the model's classes by label."""
    for place in draws.permutation(len(split)):
        yield Case(open_image(split.read(int(place))), targets[split.labels[place]])


def tiled_cases(classifier: Classifier, found: list[Case], draws: np.random.Generator) -> Iterator[Case]:
    """Tile each picture in a random quadrant with pictures of three other classes; its class is the target.

    None where fewer than four classes were found.
    """
    of_class: dict[int, list[Picture]] = {}
    for one in found:
        of_class.setdefault(one.target, []).append(one.picture)
    for one in found if len(of_class) >= 4 else ():
        others = draws.choice([target for target in sorted(of_class) if target != one.target], 3, replace=False)
        pictures = [of_class[target][draws.integers(len(of_class[target]))] for target in others.tolist()]
        place = int(draws.integers(4))
        pictures.insert(place, one.picture)
        yield Case(tile(classifier, pictures), one.target, {"": quadrant(place)}, whole=False)
