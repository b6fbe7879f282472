"""The sanity checks of the two maps on screen: passed or not, with the value and the meaning of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from app import runtime, state, titles
from app.runtime import results
from app.runtime.explore import faithfulness
from app.state import Subject
from app.views.explore.analysis import Analysis
from app.widgets.job import QUICK, job
from app.words import decimal, literal, mark, means, percent, shortest, together, word
from core import AttentionMap, Attribution, Check, rollout_map
from core.attention import ROLLOUT
from core.attribution import MAX_GAP
from core.evaluation import INSENSITIVE, ROW_TOLERANCE, SAME_MAP
from core.types import Progress

LIMITS = {
    "rows": ROW_TOLERANCE,
    "complete": MAX_GAP,
    "target": SAME_MAP,
    "weights": INSENSITIVE,
    "blob": 0.0,
    "edges": 0.0,
}
"""The last value that passes, or the first that does not."""
SIGNS = {
    True: ":green[:material/check_circle:]",
    False: ":orange[:material/cancel:]",
    None: ":gray[:material/do_not_disturb_on:]",
}


@dataclass(frozen=True, eq=False)
class Question:
    """A map to be checked, the class it is checked for, and the ``parameters`` that ``core.check`` takes.

    ``notes`` say which map it is, and what is checked in the place of what is shown. A map
    that ``ignores_class`` is the same for every class.
    """

    map: AttentionMap | Attribution
    target: int
    parameters: dict[str, Any]
    notes: tuple[str, ...]
    ignores_class: bool


TERMS = {"complete": "completeness-gap", "weights": "randomization", "blob": "center-blob", "edges": "edges"}
"""The term of the glossary that a check is about."""


def show_checks(analysis: Analysis) -> None:
    """Draw the results; quick checks are computed immediately."""
    attention, attribution = about_attention(analysis), about_attribution(analysis)
    questions = [one for one in (attention, attribution) if one is not None]
    known = compute_checks(analysis.subject, questions)
    if known is None:
        return
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown(f"**{word('check.attention')}**", help=means("attention", "attention-map"))
        if attention is None:
            st.markdown(word("check.none.attention"))
        else:
            draw_checks(attention, known[attention], analysis.names)
    with right:
        method = titles.method_title(analysis.method)
        st.markdown(f"**{method}**")
        if attribution is None:
            st.markdown(literal(analysis.blank) or word("check.none.attribution", method=method))
        else:
            draw_checks(attribution, known[attribution], analysis.names)
    if questions:
        st.info(word("check.warning"), icon=":material/info:")


def about_attention(analysis: Analysis) -> Question | None:
    """The attention map as it is shown, if it is: of one head and from one patch, where they are chosen."""
    shown, choice, maps = analysis.shown, analysis.shown.choice, analysis.reading.maps
    if choice is None:
        return None
    one = rollout_map(maps) if choice.tap == ROLLOUT else next(each for each in maps if each.tap == choice.tap)
    part = {"head": choice.head, "query": shown.query}
    part = {name: value for name, value in part.items() if value is not None}
    return Question(
        one, analysis.target, part, (shown.title, *([word("check.part")] if part else [])), ignores_class=True
    )


def about_attribution(analysis: Analysis) -> Question | None:
    """The attribution, if it shows anything; of one of two classes that of the first alone, which is known too."""
    found, chosen, parameters, notes = analysis.found, analysis.method, analysis.parameters, ()
    if found is None or analysis.blank:
        return None
    if found.contrast is not None:
        names, subject = analysis.names, analysis.subject
        notes = (word("check.one_class", name=names[found.target], other=names[found.contrast]),)
        requested = subject.classifier, subject.picture, chosen, found.target, parameters
        found = runtime.attribution(*requested, owner=state.session_id())
    return Question(found, found.target, parameters, notes, chosen.ignores_class)


def key_of(subject: Subject, one: Question) -> tuple:
    """The key of the results of a map."""
    return faithfulness.checks_key(subject.classifier, subject.picture, one.map, one.target, one.parameters)


def find_checks(subject: Subject, one: Question) -> tuple[Check, ...] | None:
    """The results of a map that were computed before, or None."""
    return results.find_result(key_of(subject, one))


def compute_checks(subject: Subject, questions: Sequence[Question]) -> dict[Question, tuple[Check, ...]] | None:
    """The results of the checks; None until the user starts a long one."""
    model, picture, owner = subject.classifier, subject.picture, state.session_id()
    missing = [one for one in questions if find_checks(subject, one) is None]

    def run(one: Question, tick: Progress | None = None) -> tuple[Check, ...]:
        requested = one.map, one.target, one.parameters
        return faithfulness.checks(model, picture, *requested, owner=owner, tick=tick)

    def work(tick: Progress) -> None:
        for number, one in enumerate(missing):
            run(one, lambda done, total, number=number: tick(number * total + done, len(missing) * total))

    expected = sum(faithfulness.checks_seconds(model, one.map, one.parameters) for one in missing)
    if expected > QUICK:
        keys = tuple(key_of(subject, one) for one in questions)
        job(keys, work, name="checks", seconds=expected, label=word("check.start"))
        return None
    with st.spinner(word("compute.running")):
        return {one: run(one) for one in questions}


def draw_checks(question: Question, found: Sequence[Check], names: Sequence[str]) -> None:
    """One map's list."""
    st.caption("  \n".join((*question.notes, word("check.class", name=names[question.target]))))
    words = {True: word("check.passed"), False: word("check.failed"), None: word("check.not_applicable")}
    for one in found:
        with st.container(gap="xxsmall"):
            line = f"{SIGNS[one.passed]} **{word(f'check.{one.slug}')}**{mark(': ')}{words[one.passed]}"
            terms = [means(TERMS[one.slug])] if one.slug in TERMS else []
            st.markdown(line, help=together(*terms, word(f"check.{one.slug}.means")))
            st.caption(check_text(one, question.ignores_class))


def check_text(one: Check, ignores_class: bool) -> str:
    """A check's number in a sentence, or why there is none."""
    if one.value is None:
        return word(f"check.{one.slug}.none")
    if one.slug == "target" and ignores_class:
        return word("check.target.ignores_class")
    limit = LIMITS[one.slug]
    shown = shortest(limit) if one.slug != "complete" else percent(limit, 0)
    return word(f"check.{one.slug}.value", value=check_value(one.slug, one.value), limit=shown)


def check_value(slug: str, value: float) -> str:
    """The value of a check in words."""
    if slug == "complete":
        return percent(value)
    if slug == "rows":
        return shortest(value, 7)
    return decimal(value)
