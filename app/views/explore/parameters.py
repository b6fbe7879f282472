"""A method's parameters: the labels of their values, and those that apply to one model only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from app import state
from app.state import Key
from app.titles import part_title, spelled, stage_title, tap_titles
from app.words import known
from core import Classifier, Reading
from core.attribution import MEAN, METHODS, Method, Parameter

PARTS = ("stage", "tap", "head")
"""The parameters that name a part of the model."""


def option_title(parameter: Parameter, value: Any, titles: Mapping[str, str]) -> str:
    """One of a parameter's choices in words; ``titles`` are those of the model's attention maps."""
    if parameter.name == "head" and isinstance(value, int):
        return part_title("head", value)
    text = str(value)
    if text in titles:
        return titles[text]
    if parameter.name == "stage":
        return stage_title(text)
    label = spelled(text)
    return known(f"option.{text}", label[:1].upper() + label[1:])


def explained_part(method: Method, classifier: Classifier, parameters: Mapping[str, Any], reading: Reading) -> str:
    """The part of the model that a method explains, in words: "Stage 4"; "" for the whole model."""

    def parts() -> Iterator[str]:
        titles = tap_titles(reading.maps)
        for one in method.parameters:
            value = parameters.get(one.name, one.initial(classifier)) if one.name in PARTS else MEAN
            if value != MEAN:
                yield option_title(one, value, titles)

    return " · ".join(parts())


def drop_others(classifier: Classifier) -> None:
    """Drop parameters of another model's parts, such as a stage or a tap; those in an address are of its own model."""
    own = [(one.slug, part.name) for one in METHODS for part in one.parameters if part.depends]
    requested = {name for name in {name for _, name in own} if state.take_requested_parameter(name) is not None}
    if state.get(Key.PARTS_OF) != classifier.card.slug:
        chosen = state.get(Key.METHOD)
        state.reset_parameters([pair for pair in own if not (pair[0] == chosen and pair[1] in requested)])
    state.put(Key.PARTS_OF, classifier.card.slug)
