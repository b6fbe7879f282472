"""The maps of the opened picture: its attention, the attribution of each of two classes, and erasing."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

import numpy as np
import streamlit as st

from app import runtime, state, titles
from app.attention_maps import Choice
from app.runtime.mistakes import cases, maps, runs
from app.runtime.mistakes.cases import Pair
from app.runtime.mistakes.runs import Opened
from app.views.mistakes import groups
from app.views.mistakes.keys import MistakesKey
from app.widgets import job
from app.words import Marked, decimal, together, word
from core import Classifier, Picture, Reading, to_grid
from core.attribution import Method
from core.evaluation import is_constant

DEFAULT = "grad-cam"
PARTS = 4
"""The cost of a pair in attributions: two, and a difference that may take two more."""
MATTERS = 0.05
"""The least difference in probability by which one region matters more than another."""


class MapView(NamedTuple):
    """The picture with a map over it: its title, a JPEG, and what to say under it."""

    title: str
    jpeg: bytes
    note: str = ""


def show_case_maps(
    opened: Opened, place: int, picture: Picture, model: Classifier | None, classes: tuple[int, int]
) -> None:
    """Draw the maps side by side, then the effect of erasing; without the model, the maps stored by the run."""
    if model is None:
        draw_case_maps(list(kept(opened, place, picture)))
        return
    reading, names = runtime.reading(model, picture), titles.class_titles(opened.classes)
    if reading.predicted != classes[0]:
        st.warning(word("case.changed", predicted=names[reading.predicted]))
    attention = attended(opened, reading)
    if attention is None:
        drawn = [MapView(word("map.activation"), cases.drawn(picture, reading.energy), word("map.energy"))]
    else:
        title = titles.map_title(reading, Choice(opened.run.facts["tap"]))
        drawn = [MapView(word("case.attention"), *attention_drawn(picture, attention, title))]
    method = pick_method(model)
    pair = compute_pair(model, picture, method, classes)
    if pair is not None:
        drawn += pair_views(picture, method, pair, (names[classes[0]], names[classes[1]]))
    draw_case_maps(drawn)
    if attention is not None and is_constant(attention, maps.EVEN):
        st.caption(word("case.erase.even"))
    elif attention is not None:
        erasing(model, picture, classes, attention, opened.run.facts["tap"], word("case.attended"))
    elif pair is not None:
        erasing(model, picture, classes, pair.first.values, method.slug, word("case.pointed"))


def attention_drawn(picture: Picture, values: np.ndarray, title: str = "") -> tuple[bytes, str]:
    """The picture with its attention over it, and what to say of it: where that is even, nothing lies over it."""
    if is_constant(values, maps.EVEN):
        sentence = word("case.attention.even", span=groups.span(float(values.min()), float(values.max())))
        return cases.drawn(picture, None), sentence
    return cases.drawn(picture, values), titles.evenness(values) or title


def attended(opened: Opened, reading: Reading) -> np.ndarray | None:
    """The attention map (h, w) that the run's agreement is about; None for a model without one on the picture."""
    return next((to_grid(one) for one in reading.maps if one.tap == opened.run.facts.get("tap")), None)


def kept(opened: Opened, place: int, picture: Picture) -> Iterator[MapView]:
    """The picture, and the maps stored by the scan."""
    yield MapView(word("case.picture"), cases.drawn(picture, None))
    here = np.array([place])
    if opened.run.keeps("attention"):
        values = runs.array(opened, "attention", here)[0]
        yield MapView(word("case.attention"), *attention_drawn(picture, values))
    if opened.run.keeps("cam"):
        yield MapView(word("case.cam"), cases.drawn(picture, runs.array(opened, "cam", here)[0]))


def draw_case_maps(views: list[MapView]) -> None:
    """Four in a row, two on a phone."""
    with st.grid(4, min_column_width=130, key="case-maps"):
        for one in views:
            with st.container(gap="xsmall"):
                st.markdown(f"**{one.title}**")
                st.image(one.jpeg, alt=one.title, width="stretch")
                if one.note:
                    st.caption(one.note)


def chosen_method() -> str:
    """The slug of the method that is chosen for the two classes."""
    return state.get(MistakesKey.PAIR_METHOD) or DEFAULT


def pick_method(model: Classifier) -> Method:
    """The picker of the method for the two classes, among those that can compare classes."""
    fitting = {one.slug: one for one in runtime.fitting(model) if one.contrasts}
    if state.get(MistakesKey.PAIR_METHOD) not in fitting:
        state.put(MistakesKey.PAIR_METHOD, DEFAULT if DEFAULT in fitting else next(iter(fitting)))
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(word("case.method"), width="content")
        slug = st.selectbox(
            word("case.method"),
            list(fitting),
            key=MistakesKey.PAIR_METHOD,
            format_func=lambda one: titles.method_title(fitting[one]),
            label_visibility="collapsed",
            width=260,
            persist_state="session",
        )
    return fitting[slug]


def compute_pair(model: Classifier, picture: Picture, method: Method, classes: tuple[int, int]) -> Pair | None:
    """The pair, at once where it is quick; None until the user starts a long one, or if there is no pair."""
    if classes[0] == classes[1]:
        return None
    key = cases.pair_key(model, picture, method, classes)
    if (found := cases.find_pair(key)) is not None:
        return found
    expected = PARTS * runtime.seconds(model, method, {})
    if expected <= job.QUICK:
        return cases.pair(model, picture, method, classes, state.session_id())
    work = partial(cases.pair, model, picture, method, classes, state.session_id())
    job.job(key, work, name="pair", seconds=expected)
    return None


def pair_views(picture: Picture, method: Method, pair: Pair, names: tuple[str, str]) -> Iterator[MapView]:
    """The two attributions on one scale, and their difference on its own."""
    both = (pair.first.values, pair.second.values)
    top = max(float(np.abs(values).max()) for values in both) or None
    for values, name in zip(both, names, strict=True):
        jpeg = cases.drawn(picture, values, method.signed, top)
        yield MapView(word("case.for", name=name), jpeg, blank(method, values, name))
    note = word("case.difference.note", first=names[0], second=names[1])
    jpeg = cases.drawn(picture, pair.difference.values, signed=True)
    yield MapView(word("case.difference"), jpeg, note)


def blank(method: Method, values: np.ndarray, name: str) -> str:
    """The reason why a map is blank; else empty."""
    if values.any():
        return ""
    if method.keeps_positive:
        return word("overlay.note.negative", target=name, method=method.title)
    return word("overlay.note.zero.picture", target=name)


def erasing(
    model: Classifier, picture: Picture, classes: tuple[int, int], values: np.ndarray, name: str, what: str
) -> None:
    """Draw the prediction without the highlighted region, and without a random region of the same size."""
    found, names = cases.erased(model, picture, values, name), titles.class_titles(model.card.classes)

    def moved(after: np.ndarray) -> str:
        pairs = {names[one]: (decimal(100 * found.before[one], 0), decimal(100 * after[one], 0)) for one in classes}
        return Marked(" · ").join(
            word("case.moves", name=name, before=one, after=two) for name, (one, two) in pairs.items()
        )

    lost, chance = (float(found.before[classes[0]] - one[classes[0]]) for one in (found.after, found.random))
    with st.container(horizontal=True, vertical_alignment="center", key="case-erased"):
        st.image(cases.drawn(found.picture, None, side=cases.TILE), alt=word("case.erased"), width=96)
        with st.container(gap="xsmall"):
            st.markdown(word("case.erase.most", what=what, moved=moved(found.after)))
            st.markdown(word("case.erase.random", moved=moved(found.random)))
            verdict = word("case.erase.matters" if lost > chance + MATTERS else "case.erase.hardly")
            st.caption(together(verdict, word("case.erase.how", draws=cases.DRAWS)))
