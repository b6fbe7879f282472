"""One picture of the benchmark with a map, the outline of the evidence, and the values of this map."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import streamlit as st

import core
from app import figures, runtime, state
from app.runtime.trust import sources
from app.runtime.trust.benchmark import BenchmarkRow
from app.state import Subject
from app.titles import class_titles
from app.views.trust import ranking, work
from app.views.trust.keys import TrustKey
from app.views.trust.titles import source_titles
from app.words import literal, word
from core import InvalidInput, Localization
from core.evaluation import Case, evidence, is_photographed

DEFAULT = "grad-cam"


def settle_example(subject: Subject) -> None:
    """Choose a source that the model supports, unless one is chosen."""
    fitting = sources.fitting(subject.classifier)
    if state.get(TrustKey.SOURCE) not in fitting:
        state.put(TrustKey.SOURCE, DEFAULT if DEFAULT in fitting else fitting[0])


def pick_source(subject: Subject) -> str:
    """The picker of the method, attention map or reference to show."""
    fitting = sources.fitting(subject.classifier)
    return st.selectbox(
        word("example.source"),
        fitting,
        key=TrustKey.SOURCE,
        format_func=source_titles(subject.classifier.card, fitting).__getitem__,
        persist_state="session",
    )


def pick_case(subject: Subject, rows: Sequence[BenchmarkRow], source: str) -> Case | None:
    """One of the pictures behind the row of the source; None if they are not available."""
    model, row = subject.classifier, next((row for row in rows if row.source == source), rows[0])
    if is_photographed(model.card.family) and not runtime.has_photographs():
        st.caption(word("example.elsewhere"))
        return None
    try:
        with st.spinner(word("example.finding")):
            cases = sources.examples(model, row.wanted, row.seed)
    except InvalidInput as error:
        st.caption(literal(error))
        return None
    if not cases:
        st.caption(word("example.none"))
        return None
    state.put(TrustKey.EXAMPLE, min(state.get(TrustKey.EXAMPLE) or 1, len(cases)))
    number = st.number_input(
        word("example.number", count=len(cases)), 1, len(cases), key=TrustKey.EXAMPLE, persist_state="session"
    )
    return cases[number - 1]


def show_example(subject: Subject, rows: Sequence[BenchmarkRow], requested: str) -> None:
    """Draw the pickers, the picture, and its numbers; ``requested`` is the place and what is measured of it."""
    st.markdown(f"**{word('example.title')}**")
    map_, picture = st.columns([1.2, 1], vertical_alignment="bottom")
    with map_:
        source = pick_source(subject)
    with picture:
        case = pick_case(subject, rows, source)
    if case is None:
        return
    model, target = subject.classifier, case.target
    values = work.carry_out(
        sources.map_key(model, case.picture, source, target),
        lambda: sources.seconds(model, source),
        lambda tick: sources.map_of(model, case.picture, source, target, state.session_id(), tick),
        name="example",
    )
    if values is None:
        return
    place = requested.partition("-")[0]
    mask, name = case.masks.get(f"{place}-", case.masks[""]), class_titles(model.card.classes)[target]
    pixels = model.square(case.picture)
    outlined = case.masks[""] if place == "background" else mask  # what it leads round is the place
    st.image(figures.lay(pixels, evidence(values), outlined), width="stretch", alt=word("example.alt", name=name))
    st.caption(word(f"example.{place}", name=name))
    numbers(core.localize(values, mask), place)


def numbers(found: Localization, place: str) -> None:
    """The values of this map on this picture, with the chance level."""
    if found.blank:
        st.markdown(word("example.blank"))
        return
    sentence = {word(f"truth.{place}-mass"): found.mass, word(f"truth.{place}-pointing"): found.pointing}
    rows = [f"<dt>{escape(one)}</dt><dd>{ranking.measure_value(value, True)}</dd>" for one, value in sentence.items()]
    chance = word("example.chance", chance=ranking.measure_value(found.chance, True))
    with st.container(key="trust-numbers"):
        st.html(f'<dl class="fovea-measures">{"".join(rows)}<p>{escape(chance)}</p></dl>')
