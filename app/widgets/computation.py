"""Running a method: at once when it is quick; with its time said beforehand, progress and Stop when it is long."""

from __future__ import annotations

from typing import Any

import streamlit as st

from app import runtime, state
from app.state import Key, Subject
from app.words import word
from core import Attribution
from core.attribution import Method

QUICK = 2.0
"""Seconds up to which a method runs without being asked."""
FAST = ("saliency", "input-x-gradient", "grad-cam")
"""Methods of one backward pass: they fill the strip beside the chosen one."""
GAP = 0.01


def duration(seconds: float) -> str:
    """About how long, as people say it."""
    if seconds < 90:
        return word("duration.seconds", count=max(1, round(seconds)))
    return word("duration.minutes", count=round(seconds / 60))


def compute(subject: Subject, chosen: Method, parameters: dict[str, Any], target: int) -> Attribution | None:
    """The chosen attribution, or None while the visitor has not asked for a long one."""
    classifier, picture = subject.classifier, subject.picture
    key = runtime.attribution_key(classifier, picture, chosen, target, parameters)
    found = runtime.find_attribution(key)
    if found is not None:
        return found
    expected = runtime.seconds(classifier, chosen, parameters)
    if expected <= QUICK:
        return runtime.attribution(classifier, picture, chosen, target, parameters, owner=state.visitor())
    if state.get(Key.RUNNING) != key:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(word("compute.about", duration=duration(expected)))
            st.button(word("compute.start"), key="start", type="primary", on_click=lambda: state.put(Key.RUNNING, key))
        return None
    bar = st.progress(0.0, word("compute.running"))  # in a horizontal container the button below would be deaf
    st.button(word("compute.stop"), key="stop", on_click=lambda: state.forget(Key.RUNNING))

    def tick(done: int, total: int) -> None:
        # a call of Streamlit's: it ends this run when the visitor has asked for something else
        bar.progress(min(1.0, done / total), word("compute.progress", done=done, total=total))

    runtime.attribution(classifier, picture, chosen, target, parameters, owner=state.visitor(), tick=tick)
    state.forget(Key.RUNNING)
    st.rerun()  # the page again, with the result and without the bar


def strip(subject: Subject, target: int, chosen: Method, found: Attribution | None) -> list[tuple[Method, Attribution]]:
    """The right pane's attributions: the fast ones, those computed before, and the chosen one as it was asked for."""
    classifier, picture, shown = subject.classifier, subject.picture, []
    for one in runtime.fitting(classifier):
        if one.slug == chosen.slug and found is not None:
            shown.append((one, found))
        elif one.slug in FAST and one.slug != chosen.slug:
            shown.append((one, runtime.attribution(classifier, picture, one, target, {})))
        else:
            stored = runtime.find_attribution(runtime.attribution_key(classifier, picture, one, target, {}))
            if stored is not None:
                shown.append((one, stored))
    return shown


def gap(chosen: Method, found: Attribution, parameters: dict[str, Any], subject: Subject) -> None:
    """The completeness gap of a method that has one, and more steps where it is over one per cent."""
    if found.gap is None:
        return
    steps = next((one for one in chosen.parameters if one.name == "steps"), None)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(word("gap.value", gap=f"{100 * found.gap:.1f} %"))
        if steps is None or found.gap <= GAP:
            return
        present = parameters.get("steps", steps.initial(subject.classifier))
        more = min(steps.high, present * 4)
        if more > present:
            name = state.parameter_key(chosen.slug, "steps")
            st.button(word("gap.more", steps=more), on_click=lambda: state.set_parameter(name, more))
