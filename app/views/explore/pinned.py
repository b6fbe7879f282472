"""Analyses that are pinned for comparison."""

from __future__ import annotations

import streamlit as st

from app import attention_maps, layers, runtime, state, titles
from app.components.overlay import overlay
from app.state import Subject, View
from app.views.explore import agreement, panes
from app.views.explore.analysis import Analysis
from app.views.explore.keys import ExploreKey
from app.widgets import models, pictures, weights
from app.words import literal, percent, plain, word
from core import InvalidInput
from core.attribution import method


def _one(view: View, number: int) -> None:
    classifier = weights.open_model(models.find_card(view.model))
    picture = pictures.framed(classifier.card, pictures.find_picture(view.sample), view.framing)
    subject = Subject(classifier, picture, view.sample, view.framing)
    reading, chosen, parameters = runtime.reading(classifier, picture), method(view.method), dict(view.parameters)
    target = classifier.target(view.target or None, reading.probabilities)
    contrast = classifier.target(view.contrast, reading.probabilities) if view.contrast else None
    found = runtime.find_attribution(runtime.attribution_key(classifier, picture, chosen, target, parameters, contrast))
    choice = attention_maps.find_choice(reading, view.map)
    head, away = st.columns([6, 1], vertical_alignment="center")
    names = titles.class_titles(classifier.card.classes)
    about = names[target]
    if contrast is not None:
        about = plain("contrast.both", target=about, other=names[contrast])
    name, model = pictures.title(view.sample), models.model_title(classifier.card)
    share = percent(float(reading.probabilities[target]))
    head.markdown(word("keep.head", name=name, model=model, target=about, share=share))
    away.button(word("keep.drop"), key=f"drop.{number}", on_click=lambda: state.drop(view), width="stretch")
    stage, side = st.columns([2.7, 1], gap="large")
    with stage:
        shown = [(chosen, found, parameters)] if found is not None else []
        blob = panes.pack(subject, reading, shown, (choice.slug if choice else layers.ENERGY, ""))
        overlay.show_overlay(blob, key=f"kept.{view.number}", like=ExploreKey.OVERLAY)
    with side:
        map_ = panes.Shown(choice, view.query, titles.attention_title(reading, choice, view.query))
        agreement.show_agreement(Analysis(subject, reading, target, map_, chosen, parameters, found))


def show_pinned() -> None:
    """Draw every pinned analysis below the current one; a sentence replaces one whose picture is gone."""
    views = state.kept()
    if not views:
        return
    st.header(word("keep.title"), divider="gray")
    for number, view in enumerate(views):
        with st.container(border=True):
            try:
                _one(view, number)
            except InvalidInput as error:
                st.warning(literal(error))
                st.button(word("keep.drop"), key=f"drop.{number}", on_click=lambda view=view: state.drop(view))
