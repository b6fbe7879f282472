"""Painted weights: the canvas of the test, and its content."""

from __future__ import annotations

import numpy as np
import streamlit as st

from app import figures, state
from app.components.paint import paint
from app.runtime.explore import interventions
from app.state import Subject
from app.views.explore.keys import ExploreKey
from app.words import known, plain, word
from core import AttentionMap, to_grid


def paint_weights(subject: Subject, one: AttentionMap) -> np.ndarray | None:
    """Draw the canvas; the weights (h, w) from 0 to 1 on it, or None before the first stroke.

    The canvas starts with the map of the model, or with the mean of its maps, which is not used before the first
    stroke, because it differs from the maps. Painted weights of a gate are used directly. Those of a softmax are
    normalized, so its map starts with a peak of one.

    Raises:
        InvalidInput: what was painted is no grid.
    """
    own = np.maximum(to_grid(one), 0)
    own = own / (own.max() or 1) if subject.classifier.taps[one.tap].softmax else np.minimum(own, 1)
    identity = "/".join(map(str, (subject.classifier.card.slug, one.tap, *subject.picture.key)))
    painted = state.get(ExploreKey.PAINTED, {})

    def keep() -> None:
        sentence = state.component(ExploreKey.PAINT, "painted")
        if sentence and sentence["identity"] == identity:
            state.put(ExploreKey.PAINTED, {**painted, identity: sentence["values"]})

    values = paint.read(painted[identity], one.grid) if identity in painted else None
    paint.show_canvas(
        own if values is None else values,
        own,
        interventions.square_jpeg(subject.picture),
        key=ExploreKey.PAINT,
        identity=identity,
        words=words(one),
        colors=figures.HEAT,
        on_painted=keep,
    )
    if values is None:
        shape = known(f"paint.untouched.{one.kind.shape}", plain("paint.untouched"))
        st.caption(known(f"paint.untouched.{one.kind}", shape))
    return values


def words(one: AttentionMap) -> dict[str, str]:
    """The canvas's labels; the browser fills in their braces."""
    return {
        "label": word("paint.label", count="{count}", total="{total}"),
        "tools": word("paint.tools"),
        "brush": word("paint.brush"),
        "rubber": word("paint.rubber"),
        "size": word("paint.size", count="{count}"),
        "fill": word("paint.fill"),
        "clear": word("paint.clear"),
        "own": word("paint.own.mean" if one.kind.stacked or one.kind.compares else "paint.own"),
        "hint": word("paint.hint"),
        "value": word("paint.value", row="{row}", column="{column}", value="{value}"),
    }
