"""Explore: one picture and one model, its attention beside what its gradients say, and how far the two agree."""

from __future__ import annotations

import streamlit as st

from app import runtime, state
from app.state import Key, View
from app.widgets import agreement, answer, computation, kept, methods, panes, share

subject = state.subject()
reading = runtime.reading(subject.classifier, subject.picture)

stage, side = st.columns([2.7, 1], gap="large")
with side, st.container(key="answer-panel"):
    target = answer.pick_target(subject)
    name = subject.classifier.card.classes[target]
    below = st.container()

with stage:
    chosen, parameters = methods.pick(subject.classifier)
    found = computation.compute(subject, chosen, parameters, target)
    shown = panes.show(subject, reading, name, chosen, computation.strip(subject, target, chosen, found), found)
    if found is not None:
        computation.gap(chosen, found, parameters, subject)
    panes.gates(reading)

view = View(
    model=subject.classifier.card.slug,
    sample=subject.sample,
    method=chosen.slug,
    map=shown.choice.slug if shown.choice else "",
    target=state.get(Key.TARGET) or "",
    framing=subject.framing,
    parameters=tuple(sorted(parameters.items())),
)
state.publish(view)

with below:
    measured = panes.compare(subject, reading, shown, chosen, found, target, parameters)
    agreement.show(measured, shown.title if shown.choice else None, panes.method_name(chosen))

with stage:
    share.show(view, name, subject.picture, reading, found, shown.query)

kept.show()
