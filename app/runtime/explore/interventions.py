"""Readings with the attention changed, and the effect of every part of it on a prediction."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import replace

import core
from app.runtime import results
from core import Ablation, Classifier, Picture, Reading
from core.attention import Record
from core.attribution import pace
from core.evaluation import Change, attention_parts
from core.images import thumbnail
from core.types import Progress

SIDE = 448
"""Pixels of a picture's square under a map."""


def square_jpeg(picture: Picture) -> bytes:
    """A JPEG of the model's square of a picture, to lay maps over."""
    return results.store().get(("square", picture.key), lambda: thumbnail(picture, SIDE))


def intervene(model: Classifier, picture: Picture, changes: Mapping[str, Change], *names: Hashable) -> Reading:
    """The reading with the attention changed, with the maps of what was changed alone; ``names`` say how.

    Raises:
        InvalidInput: a change that does not match the model.
    """

    def read_changed() -> Reading:
        reading = core.intervene(model, picture, changes)
        return replace(reading, maps=tuple(one for one in reading.maps if one.tap in changes))  # all: many megabytes

    return results.compute_quick(results.key_of(model, picture, "intervene", *names), model, read_changed)


def ablation_key(model: Classifier, picture: Picture, target: int) -> tuple:
    """The key of the effect of every part."""
    return results.key_of(model, picture, "ablate", target)


def find_ablations(model: Classifier, picture: Picture, target: int) -> tuple[Ablation, ...] | None:
    """What ``ablations`` found before, or None."""
    return results.find_result(ablation_key(model, picture, target))


def ablation_seconds(model: Classifier, reading: Reading) -> float:
    """About how long ``ablations`` takes on this device."""
    records = {one.tap: Record(model.taps[one.tap], one.weights[None], one.grid) for one in reading.maps}
    return sum(1 for _ in attention_parts(records)) * pace(model).seconds


def ablations(
    model: Classifier, picture: Picture, target: int, *, owner: Hashable = None, tick: Progress | None = None
) -> tuple[Ablation, ...]:
    """Every part of the attention with what the target loses without it, the largest effect first."""
    return results.compute_job(
        ablation_key(model, picture, target),
        model,
        lambda progress: core.ablate(model, picture, target, progress=progress),
        owner,
        tick,
    )
