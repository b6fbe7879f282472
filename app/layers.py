"""Convert a reading and its attributions into layers of the overlay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from app.attention_maps import Choice, choices, find_map, offered
from app.components.overlay import Layer, Rows, Stack
from app.titles import (
    blank_note,
    constancy,
    contrast_title,
    evenness,
    grid_title,
    map_names,
    method_title,
    part_title,
    rest_title,
    tap_titles,
    within,
)
from app.words import percent, plain, significant, word
from core import AttentionMap, Attribution, Reading
from core.attention import has_rows, heads, is_nearly_constant, rows, to_grid
from core.attribution import Method

ENERGY = "energy"
LIGHT = 1_000_000
"""Where the maps of a strip have more values than these together, only the chosen one can be looked into at once."""


def attention_layers(
    reading: Reading, chosen: Choice | None, classes: Sequence[str], deviation: bool = False
) -> tuple[Layer, ...]:
    """The left pane's strips; for a model without a map on the picture its activation energy, as not attention.

    A gate that is nearly constant states it in place of its map, or shows its ``deviation`` from its mean.
    """
    if chosen is None:
        title, label, detail = word("map.energy"), word("map.activation"), grid_title(reading.energy.shape)
        return (Layer(ENERGY, title, reading.energy, label=label, detail=detail),)
    strip, titles = offered(reading, chosen), tap_titles(reading.maps)
    maps = {tap: find_map(reading, tap) for tap in {one.tap for one in strip}}
    light = sum(maps[one.tap].weights.size // max(1, heads(maps[one.tap])) for one in strip) <= LIGHT
    layers = []
    for choice in strip:
        one = maps[choice.tap]
        layer = _layer(reading, choice, one, classes, deep=light or choice == chosen, deviation=deviation)
        alone = choice.head is not None and len(strip) < len(choices(reading))
        where = within(titles[choice.tap])
        group = word(f"map.of_layer.{one.kind.part}", "map.of_layer", layer=where) if alone else ""
        layers.append(replace(layer, group=group))
    return tuple(layers)


def attention_layer(reading: Reading, choice: Choice, classes: Sequence[str]) -> Layer:
    """Return one attention map as a layer with its slices or rows."""
    return _layer(reading, choice, find_map(reading, choice.tap), classes)


def _layer(
    reading: Reading,
    choice: Choice,
    one: AttentionMap,
    classes: Sequence[str],
    deep: bool = True,
    deviation: bool = False,
) -> Layer:
    """The layer of a choice, whose map is ``one``; a ``deep`` one has its slices, or the rows of its patches."""
    values = to_grid(one, choice.head)
    title, label = map_names(reading, choice)
    layer = Layer(
        choice.slug,
        title,
        values,
        signed=one.kind.signed,
        note=word("map.mixed") if one.kind.signed else evenness(values),
        rest=rest_title(one),
        detail=grid_title(one.grid),
        label=label,
        more=_more(one, choice.head, reading.steps, classes) if deep else None,
    )
    if not is_nearly_constant(one):
        return layer
    return _deviating(layer, one) if deviation else _constant(layer, one)


def _constant(layer: Layer, one: AttentionMap) -> Layer:
    """Return a layer with a note in place of a constant map, whose colors would have no meaning."""
    return replace(layer, values=np.zeros_like(layer.values), note=constancy(one), more=None)


def _deviating(layer: Layer, one: AttentionMap) -> Layer:
    """The deviation of a gate, and of each of its slices, from its mean."""
    mean = float(one.weights.mean())
    more = replace(layer.more, values=layer.more.values - mean) if isinstance(layer.more, Stack) else None
    note = word("gate.deviation", mean=significant(mean, 4))
    return replace(layer, values=layer.values - mean, signed=True, note=note, more=more)


def _more(one: AttentionMap, head: int | None, steps: np.ndarray | None, classes: Sequence[str]) -> Stack | Rows | None:
    """What more there is to see of a map: a map for each part, such as a glimpse, or the rows of its patches."""
    if one.kind.stacked:
        labels = [part_title(one.kind.part, number) for number in range(len(one.weights))]
        if one.kind.growing and steps is not None and len(steps) == len(labels):  # the prediction after that step
            stated = [f"{classes[step.argmax()]} {percent(float(step.max()), 0)}" for step in steps]
            labels = [" · ".join(pair) for pair in zip(labels, stated, strict=True)]
        return Stack(one.weights, tuple(labels), playable=one.kind.growing)
    if one.kind.compares and has_rows(one):
        return Rows(*rows(one, head), even=1 / one.weights.shape[-1])
    return None


def gates(reading: Reading) -> dict[str, AttentionMap]:
    """The maps without a position in the picture, such as channel gates, by their title: they are shown as bars."""
    titles = tap_titles(reading.maps)
    return {titles[one.tap]: one for one in reading.maps if not one.kind.on_picture}


def attribution_layer(
    method: Method,
    found: Attribution,
    reading: Reading,
    classes: Sequence[str],
    pair: tuple[int, int] | None = None,
    part: str = "",
) -> Layer:
    """An attribution for the right pane; a blank one states why it is blank, and its rounding is not drawn.

    ``part`` is the part of the model that the method explains, in words, for the title. If two classes are compared,
    the ``pair``, a map of both together or of one of them states which.
    """
    signed = method.signed or found.contrast is not None
    name, values, note = method_title(method), found.values, blank_note(method, found, reading, classes)
    title = " · ".join(filter(None, [name, part]))
    if note:
        values = np.zeros_like(values)
    elif not signed:
        note = evenness(values)
    if pair is None:
        return Layer(method.slug, title, values, signed=signed, note=note, label=name)
    both = plain("contrast.both", target=classes[pair[0]], other=classes[pair[1]])
    return Layer(
        side_slug(method, None if found.contrast is not None else found.target),
        plain("contrast.title", method=title, classes=contrast_title(classes, found)),
        values,
        signed=signed,
        note=note,
        label=classes[found.target] if found.contrast is None else plain("contrast.short"),
        group=plain("contrast.group", method=name, classes=both),
        together=True,
    )


def side_slug(method: Method, side: int | None) -> str:
    """The slug of a method's map for one of two classes by its index, or of both together: ``grad-cam@3``."""
    return method.slug if side is None else f"{method.slug}@{side}"


def parse_side(slug: str) -> tuple[str, int | None]:
    """The method's slug and the class in what ``side_slug`` made."""
    name, _, side = slug.partition("@")
    return name, int(side) if side else None
