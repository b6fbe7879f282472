"""Explore: one picture and one model, its attention next to an attribution, their agreement, and tests."""

from __future__ import annotations

import streamlit as st

from app import attention_maps, runtime, state
from app.state import Key, Subject, View
from app.titles import class_titles
from app.views.explore import (
    agreement,
    attributions,
    cue_swap,
    derivation,
    methods,
    panes,
    prediction,
    report,
    share,
)
from app.views.explore.analysis import Analysis
from app.views.explore.hidden_maps import COVERED, draw_covered
from app.views.explore.keys import ExploreKey
from app.views.explore.tests import address, section
from app.widgets import lesson, models, weights


def draw_page(subject: Subject) -> None:
    """Draw the page for a model whose weights are on this machine."""
    hidden = lesson.hidden()
    if hidden & COVERED:
        draw_covered(subject, hidden)
        return
    wanted = prediction.wanted(subject, Key.TARGET)
    reading = runtime.reading_with_panel(subject.classifier, subject.picture, wanted)
    report.show_replayed(subject)

    with st.container(key="question-panel"):
        cue_swap.show_question(subject)
        pair = st.container(key="swap-panel")
    stage, side = st.columns([2.7, 1], gap="large")
    with side:
        answers, below = st.container(key="answer-panel"), st.container(key="agreement-panel")
    with stage:
        maps, tests = st.container(key="maps-panel"), st.container(key="tests-panel")
    with answers:
        target = prediction.pick_target(subject, reading, wanted)
        other = prediction.pick_contrast(subject, target)
        models.limits(subject.classifier)
    names = subject.classifier.card.classes

    with maps:
        on_picture = attention_maps.selects_positions(reading)
        if not on_picture:  # the bars of a model that selects by channel alone come first
            panes.gates(reading)
        chosen, parameters = methods.pick_method_and_parameters(subject.classifier, reading)
        contrast = methods.can_contrast(chosen, other, class_titles(names)[target])
        every = attributions.compute_attributions(subject, chosen, parameters, target, contrast)
        found = attributions.on_side(every, state.get(ExploreKey.SIDE))
        strip = attributions.strip(subject, target, chosen, every, parameters)
        shown = panes.show_panes(subject, reading, chosen, strip, found, paired=contrast is not None)
        with pair:
            cue_swap.show_swap(subject, reading, shown)
        if found is not None:
            attributions.gap(chosen, found, parameters, subject)
        if on_picture:
            panes.gates(reading)
        derivation.show_derivation(subject, reading, shown)

    view = View(
        model=subject.classifier.card.slug,
        sample=subject.sample,
        method=chosen.slug,
        map=shown.choice.slug if shown.choice else "",
        target=state.get(Key.TARGET) or "",
        contrast="" if contrast is None else names[contrast],
        framing=subject.framing,
        parameters=tuple(sorted(parameters.items())),
        query=shown.query,
    )
    state.publish(view, address.settle_address(reading))

    analysis = Analysis(subject, reading, target, shown, chosen, parameters, found)
    if "agreement" not in hidden:
        with below:
            agreement.show_agreement(analysis)

    with tests:
        share.show_share(view, analysis, names[target])
        if "tests" not in hidden:
            section.show_tests(analysis)


if (subject := state.subject()) is not None:
    draw_page(subject)
else:
    weights.fetch(models.find_card(state.get(Key.MODEL)))
