"""Run a method: immediately if it is quick, else with its estimated time, progress and Stop."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import streamlit as st

from app import runtime, state
from app.state import Subject
from app.widgets.job import QUICK, job
from app.words import means, percent, word
from core import Attribution
from core.attribution import MAX_GAP, Method
from core.types import Progress

GAP = 0.01
Entry = tuple[Method, Attribution, dict[str, Any]]
"""A map of the strip: its method, its values, and the parameters that differ from the method's defaults."""


def questions(target: int, contrast: int | None) -> tuple[tuple[int, int | None], ...]:
    """The classes to explain: the target alone; or it compared with another class, and each of the two."""
    return ((target, None),) if contrast is None else ((target, contrast), (target, None), (contrast, None))


def compute_attributions(
    subject: Subject, chosen: Method, parameters: dict[str, Any], target: int, contrast: int | None = None
) -> tuple[Attribution, ...]:
    """The chosen attribution for each of the ``questions``; none until the user starts a long one."""
    model, picture, requested = subject.classifier, subject.picture, questions(target, contrast)
    keys = [runtime.attribution_key(model, picture, chosen, one, parameters, other) for one, other in requested]
    known = [runtime.find_attribution(key) for key in keys]
    missing = [question for question, one in zip(requested, known, strict=True) if one is None]
    if not missing:
        return tuple(known)
    expected = runtime.seconds(model, chosen, parameters) * (len(missing) + (chosen.one_sided and len(missing) > 2))
    if expected > QUICK:
        work = partial(_compute, subject, chosen, parameters, missing)
        job(keys[0], work, name="map", seconds=expected)
        return ()
    return tuple(
        runtime.attribution(model, picture, chosen, one, parameters, other, owner=state.session_id())
        for one, other in requested
    )


def on_side(every: Sequence[Attribution], side: int | None) -> Attribution | None:
    """The map on the right pane: of both classes, or of the one that the user has chosen."""
    alone = [one for one in every if one.contrast is None and one.target == side]
    return (*alone, *every)[0] if every else None


def _compute(
    subject: Subject,
    chosen: Method,
    parameters: dict[str, Any],
    missing: Sequence[tuple[int, int | None]],
    tick: Progress,
) -> None:
    """Compute what is missing, one question after another."""
    for number, (one, other) in enumerate(missing):
        runtime.attribution(
            subject.classifier,
            subject.picture,
            chosen,
            one,
            parameters,
            other,
            owner=state.session_id(),
            tick=lambda done, total, number=number: tick(number * total + done, len(missing) * total),
        )


def strip(
    subject: Subject, target: int, chosen: Method, found: Sequence[Attribution], parameters: dict[str, Any]
) -> list[Entry]:
    """The right pane's attributions: the fast ones, those computed before, and the chosen one with its parameters."""
    model, picture, shown = subject.classifier, subject.picture, []
    for one in runtime.fitting(model):
        if one.slug == chosen.slug and found:
            shown += [(one, each, parameters) for each in found]
        elif one.in_panel and one.slug != chosen.slug:
            shown.append((one, runtime.attribution(model, picture, one, target, {}), {}))
        else:
            stored = runtime.find_attribution(runtime.attribution_key(model, picture, one, target, {}))
            if stored is not None:
                shown.append((one, stored, {}))
    return shown


def gap(chosen: Method, found: Attribution, parameters: dict[str, Any], subject: Subject) -> None:
    """Draw the completeness gap of a method that has one, and offer more steps if it exceeds 1 %."""
    if found.gap is None:
        if chosen.complete:
            st.caption(word("gap.undefined"), help=means("completeness", "completeness-gap"))
        return
    steps = next((one for one in chosen.parameters if one.name == "steps"), None)
    with st.container(horizontal=True, vertical_alignment="center"):
        about = "gap.score" if chosen.no_baseline else "gap.value"
        sentence = word(about, gap=percent(found.gap))
        large = f" **{word('gap.large', most=percent(MAX_GAP, 0))}**" if found.gap > MAX_GAP else ""
        st.caption(f"{sentence}{large}", help=means("completeness", "completeness-gap"))
        if steps is None or found.gap <= GAP:
            return
        present = parameters.get("steps", steps.initial(subject.classifier))
        more = min(steps.high, present * 4)
        if more > present:
            name = state.parameter_key(chosen.slug, "steps")
            st.button(word("gap.more", steps=more), on_click=lambda: state.set_parameter(name, more))
