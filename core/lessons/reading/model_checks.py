"""Check that the values of a lesson match its models: their attention, maps and classes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from core.attention.rollout import ROLLOUT
from core.attribution import METHODS
from core.checking import brief, listed
from core.evaluation.sources import ATTENTION_PREFIX, REFERENCES
from core.kinds import Kind
from core.lessons.measuring.shared import CHANGES, OUTCOMES, PARTS, PREDICTION, REACTION, STAYS
from core.loading import load
from core.messages import Message
from core.models import zoo
from core.tasks import find_task
from core.types import ModelCard

HEAD = re.compile(r"\.head[1-9]\d{0,2}$")
EVERY = "every"
OBJECT = "object"
"""The source that stands for the mask of the object instead of a map."""


@lru_cache(maxsize=64)
def _kinds(slug: str, checksum: str) -> dict[str, Kind]:
    return {name: tap.kind for name, tap in load(slug, "cpu").taps.items()}


def kinds_of(card: ModelCard) -> dict[str, Kind]:
    """The kind of each tap of a model, by the tap's name."""
    return _kinds(card.slug, str(card.facts.get("checksum", "")))


def _stored(slug: Any) -> ModelCard | None:
    return next((card for card in zoo.stored() if card.slug == slug), None)


def class_names(settings: Mapping[str, Any]) -> tuple[str, ...]:
    """The classes of the model that ``settings`` name; none for a missing model."""
    card = _stored(settings.get("model"))
    return card.classes if card else ()


def unfit_state(name: str, state: Mapping[str, Any]) -> Message | None:
    """Why a value of a step's ``state`` does not suit its model; None if it does."""
    card, value = _stored(state.get("model")), str(state[name])
    if card is None or not value:
        return None
    if name in ("sample", "model"):
        return _other_task(str(state.get("sample", "")), card)
    if name in ("target", "contrast"):
        return _among(value, card.classes)
    if name == "changed":
        return _among(value, (*kinds_of(card), EVERY))
    if name == "map":
        maps = kinds_of(card)
        return None if HEAD.sub("", value) in maps else _among(value, (*maps, *([ROLLOUT] if maps else [])))
    return _unfit_way(value, card) if name == "way" else None


def unfit_claim(name: str, settings: Mapping[str, Any]) -> Message | None:
    """Why a setting of a claim does not suit its model; None if it does."""
    card, value = _stored(settings.get("model")), str(settings[name])
    if card is None:
        return None
    if name in ("sample", "to"):
        return _other_task(value, card)
    if name == "tap":
        return _among(value, tuple(kinds_of(card)))
    if name in ("map", "other"):
        maps = tuple(f"{ATTENTION_PREFIX}{tap}" for tap in (*kinds_of(card), ROLLOUT))
        return _among(value, (*(one.slug for one in METHODS), *maps, *REFERENCES, OBJECT))
    return _unfit_way(value, card) if name == "way" else None


def _other_task(sample: str, card: ModelCard) -> Message | None:
    """Why a sample does not suit a model that was trained on another task."""
    family = sample.partition("/")[0]
    if find_task(family) is None or family == card.family:
        return None
    return Message(
        "The sample '{sample}' is one of {family}, and the model {model} is not. Choose a sample or a model of the "
        "same task.",
        sample=sample,
        family=family,
        model=card.slug,
    )


def _among(value: str, names: tuple[str, ...]) -> Message | None:
    if value in names:
        return None
    possible = listed(names) or [Message("none")]
    return Message("There is no '{value}'. Choose one of: {names}.", value=value, names=possible)


def _without(card: ModelCard) -> Message:
    return Message("{model} has no attention to change. Choose a model with attention.", model=card.slug)


def _unfit_way(way: str, card: ModelCard) -> Message | None:
    parts = {kind.part for kind in kinds_of(card).values()}
    if not parts:
        return _without(card)
    if way in PARTS and way not in parts:
        return Message("The attention of {model} has no {part}. Choose another way.", model=card.slug, part=way)
    return None


def unfit_bound(measure: str, value: float | str, settings: Mapping[str, Any], given: Any) -> Message | None:
    """Why the ``value`` of a bound does not suit the result of its ``measure``, a class or a number."""
    classes = class_names(settings)
    if measure == REACTION:
        if value in OUTCOMES:
            return None
        return Message(
            "The measure {measure} gives '{stays}' or '{changes}': the bound must be '== {stays}' or '== {changes}', "
            "not {given}.",
            measure=measure,
            stays=STAYS,
            changes=CHANGES,
            given=brief(given),
        )
    if measure == PREDICTION:
        if isinstance(value, str) and (value in classes or not classes):
            return None
        return Message(
            "The measure {measure} gives a class: the bound must be '== CLASS', not {given}. Classes are: {names}.",
            measure=measure,
            given=brief(given),
            names=listed(classes) or [Message("none")],
        )
    if isinstance(value, str) or not abs(value) < float("inf"):
        return Message(
            "The measure {measure} gives a number: the bound must look like '<= 0.1' or '>= 0.5', not {given}.",
            measure=measure,
            given=brief(given),
        )
    return None
