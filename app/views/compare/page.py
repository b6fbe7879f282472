"""Compare: rows of prediction, attention and attribution on one scale, and how far they agree."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from app import state
from app.state import Key
from app.views import file_of
from app.views.compare import address, choices, matrix, table, verdict
from app.views.compare.analysis import Wanted
from app.views.compare.keys import ADDRESS, CompareKey
from app.views.compare.rows import Outcome, compute_slow, gather
from app.widgets import models
from app.words import word

IMPLIED = {
    Key.COMPARED: choices.MODELS,
    Key.METHOD: choices.FIRST_METHOD,
    CompareKey.MAPS: choices.BOTH,
}


def pick_rows(mode: str) -> list[Wanted]:
    """Draw the choices of a mode; the rows that are wanted."""
    card, sample = models.find_card(state.get(Key.MODEL)), state.get(Key.SAMPLE)
    framing = state.get(Key.FRAMING) or "center"
    if mode == choices.PINNED:
        return choices.wanted_pinned()
    chosen = choices.pick_models(card) if mode == choices.MODELS else choices.pick_pictures(card, sample)
    with st.container(horizontal=True, key="compare-choices"):
        choices.pick_method()
        choices.pick_class(chosen if mode == choices.MODELS else [card.slug])
        choices.pick_maps()
    if mode == choices.MODELS:
        return choices.wanted_models(chosen, sample, framing)
    return choices.wanted_pictures(card.slug, chosen, framing)


def show_rows(wanted: Sequence[Wanted], mode: str) -> list[Outcome]:
    """Draw the rows, with the verdict on all of them above, and below how similar every two of them are."""
    above = st.container(key="compare-above")
    maps = state.get(CompareKey.MAPS) or choices.BOTH
    sides = ("attention", "attribution") if maps == choices.BOTH or mode == choices.PINNED else (maps,)
    outcomes = gather(wanted)
    there = [one for one in outcomes if one.found is not None]
    found, titles = [one.found for one in there], [one.wanted.title for one in there]
    matrices = verdict.matrices_of(found)
    with above:
        compute_place = st.container()
        sample = there[0].wanted.view.sample if there else ""
        verdict.show_verdict(found, titles, matrices, mode, sample)
    table.show_table(outcomes, mode, choices.BOTH if mode == choices.PINNED else maps)
    if len(found) > 1:
        matrix.show_matrices(matrices, titles, sides)
    if any(one.pending for one in outcomes):
        st.rerun()
    with compute_place:
        compute_slow(outcomes)
    return outcomes


st.html(Path(__file__).parent / "compare.css")
mode = choices.pick_mode()
wanted = pick_rows(mode)
held = address.pins(state.kept()) if mode == choices.PINNED else {}
state.publish_choices(ADDRESS, held, implied=IMPLIED, settings=table.ROW_ADDRESS.values())
if wanted:
    show_rows(wanted, mode)
    if mode == choices.PINNED and address.left_behind(state.kept()):
        st.caption(word("compared.pinned.stay"))
elif mode == choices.PINNED:
    st.info(word("compared.pinned.none"), icon=":material/push_pin:")
    st.page_link(file_of("explore"), label=word("page.explore"), icon=":material/arrow_back:")
