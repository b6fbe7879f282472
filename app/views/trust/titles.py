"""The titles of the sources of maps, also for models that are not loaded."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from app.titles import method_title, stage_title, tap_titles, within
from app.widgets.models import find_mechanism
from app.words import word
from core import AttentionMap, Kind, ModelCard
from core.attribution import METHODS
from core.evaluation import ATTENTION_PREFIX, REFERENCES


def source_titles(card: ModelCard, names: Iterable[str]) -> dict[str, str]:
    """The title of each source of a model: as Explore calls the method or the map; the references have their own."""
    found, methods = {}, {one.slug: one for one in METHODS}
    names = list(names)
    taps = [name.removeprefix(ATTENTION_PREFIX) for name in names if name.startswith(ATTENTION_PREFIX)]
    maps = tap_titles([AttentionMap(tap, kind(card), np.empty(0), (0, 0)) for tap in taps])
    for name in names:
        if name in REFERENCES:
            found[name] = word(f"source.{name}")
        elif name.startswith(ATTENTION_PREFIX):
            found[name] = word("source.map", map=within(maps[name.removeprefix(ATTENTION_PREFIX)]))
        else:
            found[name] = method_title(methods[name]) if name in methods else name
    return found


def kind(card: ModelCard) -> Kind:
    """The kind of a card's maps that lie on the picture, as far as their names depend on it."""
    found = find_mechanism(card)
    return (found and found.kind) or Kind.SPATIAL


def step_title(name: str) -> str:
    """A step of ``core.randomize`` in words."""
    return word("random.top") if name == "top" else stage_title(name)
