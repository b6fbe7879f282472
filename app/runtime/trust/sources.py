"""Cached maps by the name of their source: of the benchmark's examples, and with re-initialized weights."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np

import core
from app.runtime import results
from app.runtime.results import compute_job, key_of
from core import Classifier, Picture, Randomization
from core import attribution as attributions
from core.attribution import pace
from core.evaluation import ATTENTION_PREFIX, REFERENCES, Case, find_cases, map_source, source_names, weight_groups
from core.types import Progress


def fitting(model: Classifier) -> tuple[str, ...]:
    """Every source that fits a model, by name: its methods, its attention maps, the references."""
    return source_names(model)


def examples(model: Classifier, pictures: int, seed: int) -> tuple[Case, ...]:
    """The pictures of the benchmark for a model of which it is known where the evidence is.

    Raises:
        InvalidInput: as ``find_cases``.
    """
    key = ("examples", model.card.slug, str(model.device), model.card.facts.get("checksum"), pictures, seed)

    def known() -> tuple[Case, ...]:
        return tuple(one for one in find_cases(model, pictures, seed) if one.masks)

    return results.store().get(key, known)


def map_key(model: Classifier, picture: Picture, name: str, target: int) -> tuple:
    """The key of the map of a source."""
    return key_of(model, picture, "source", name, target)


def seconds(model: Classifier, name: str) -> float:
    """About how long a source takes for a map."""
    if name in REFERENCES:
        return 0.0
    return pace(model).seconds if name.startswith(ATTENTION_PREFIX) else attributions.seconds(model, name)


def map_of(
    model: Classifier, picture: Picture, name: str, target: int, owner: Hashable = None, tick: Progress | None = None
) -> np.ndarray:
    """The map (h, w) of a source for a class, raw and signed."""
    return compute_job(
        map_key(model, picture, name, target),
        model,
        lambda progress: map_source(model, name)(model, picture, target, progress),
        owner,
        tick,
    )


def randomized_key(model: Classifier, picture: Picture, name: str) -> tuple:
    """The key of ``randomized``."""
    return key_of(model, picture, "randomized", name)


def randomized_seconds(model: Classifier, name: str) -> float:
    """About how long ``randomized`` takes."""
    return (1 + len(weight_groups(model))) * seconds(model, name)


def randomized(
    model: Classifier, picture: Picture, name: str, owner: Hashable = None, tick: Progress | None = None
) -> Randomization:
    """The map of a source for the predicted class while the weights are re-initialized from the top."""
    return compute_job(
        randomized_key(model, picture, name),
        model,
        lambda progress: core.randomize(model, picture, name, progress=progress),
        owner,
        tick,
    )


def courses_key(model: Classifier, picture: Picture, names: Sequence[str]) -> tuple:
    """The key of ``courses``."""
    return key_of(model, picture, "courses", *names)


def courses(
    model: Classifier, picture: Picture, names: Sequence[str], owner: Hashable = None, tick: Progress | None = None
) -> dict[str, tuple[float | None, ...]]:
    """The rank correlations of the maps of several sources while the weights are re-initialized, by source."""

    def job(progress: Progress) -> dict[str, tuple[float | None, ...]]:
        found = {}
        for name in names:
            before = len(found)

            def report(done: int, total: int, before: int = before) -> None:
                progress(before * total + done, len(names) * total)

            found[name] = core.randomize(model, picture, name, progress=report).likeness
        return found

    return compute_job(courses_key(model, picture, names), model, job, owner, tick)
