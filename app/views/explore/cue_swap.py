"""The question of a task's picture, buttons that move its cue, and whether the prediction follows."""

from __future__ import annotations

from functools import partial
from html import escape
from pathlib import Path

import streamlit as st

from app import runtime, state
from app.runtime.ahead import ahead
from app.state import Key, Subject
from app.titles import class_title, class_titles
from app.views.explore.cue_pair import Half, pair_html
from app.views.explore.keys import ExploreKey
from app.views.explore.panes import Shown
from app.widgets import pictures
from app.words import means, plain, say, word
from core import Reading
from core.data import Swap, sample_truth, swaps
from core.tasks import Task, find_task

CSS = Path(__file__).with_name("cue_swap.css")


def task_of(subject: Subject) -> Task | None:
    """The task whose picture is shown, or None."""
    return find_task(subject.sample.partition("/")[0])


def show_question(subject: Subject, answers: bool = True) -> None:
    """Draw the question of the task as a headline, and the buttons that move its cue if the model knows the answers.

    Without ``answers`` there are no buttons, as the chosen one shows the true answer.
    """
    task = task_of(subject)
    if task is None:
        return
    st.html(CSS)
    title, question = escape(say(task.title)), escape(say(task.question))
    st.html(f'<p class="fovea-question"><span>{title}</span> {question}</p>')
    every = swaps(subject.sample)
    if answers and {one.answer for one in every} <= set(subject.classifier.card.classes):
        _pick(task, subject, {one.answer: one for one in every})
        others = [one.slug for one in every if one.slug != subject.sample]
        ahead().want(state.session_id(), [partial(_prepare, subject, slug) for slug in others])


def _prepare(subject: Subject, slug: str) -> None:
    """What the maps of another sample need, before a click needs it."""
    picture = pictures.framed(subject.classifier.card, runtime.sample_picture(slug), subject.framing)
    runtime.picture_jpeg(pictures.drawn(picture))
    runtime.reading_with_panel(subject.classifier, picture)


def _pick(task: Task, subject: Subject, offered: dict[str, Swap]) -> None:
    """Draw the buttons; a click selects the picture with the moved cue."""
    state.put(ExploreKey.SWAP, sample_truth(subject.sample))

    def change() -> None:
        state.put(Key.SAMPLE, offered[state.get(ExploreKey.SWAP)].slug)
        state.reset(Key.TARGET)

    label = word(f"swap.label.{task.slug}", "swap.label")
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="swap-row"):
        st.markdown(f"**{label}**", width="content", help=means("counterfactual"))
        st.pills(
            label,
            list(offered),
            key=ExploreKey.SWAP,
            format_func=lambda answer: _name(offered[answer], task),
            on_change=change,
            label_visibility="collapsed",
            required=True,
        )


def _name(swap: Swap, task: Task) -> str:
    """The label of a swap: the new cue, or else the answer that it leads to."""
    return class_title(swap.cue or swap.answer, task.classes)


def show_swap(subject: Subject, reading: Reading, shown: Shown) -> None:
    """Draw the original picture next to the one with the moved cue, and the verdict; nothing before a swap."""
    task, card = task_of(subject), subject.classifier.card
    if task is None:
        return
    every = swaps(subject.sample)
    first, now = every[0], next(one for one in every if one.answer == sample_truth(subject.sample))
    if now == first or not {one.answer for one in every} <= set(card.classes):
        return
    picture = pictures.framed(card, pictures.find_picture(first.slug), subject.framing)
    before = runtime.reading(subject.classifier, picture)
    halves = (
        Half(picture, before, plain("swap.before", name=_name(first, task)), class_title(first.answer, card.classes)),
        Half(
            subject.picture, reading, plain("swap.after", name=_name(now, task)), class_title(now.answer, card.classes)
        ),
    )
    moved = plain(f"swap.moved.{task.slug}", "swap.moved", before=_name(first, task), after=_name(now, task))
    names = card.classes[before.predicted], card.classes[reading.predicted]
    kind = f"fovea-{outcome(*names, now.answer)}"
    sentence = escape(swap_verdict(*(class_title(one, card.classes) for one in (*names, now.answer))))
    sentences = f'<p class="fovea-verdict {kind}">{escape(moved)} <strong>{sentence}</strong></p>'
    st.html(sentences + pair_html(halves, class_titles(card.classes), shown.choice, shown.query))


def outcome(before: str, after: str, answer: str) -> str:
    """What a prediction did when the cue led to another ``answer``: it "followed", "stayed", or went "elsewhere"."""
    if before == after:
        return "stayed"
    return "followed" if after == answer else "elsewhere"


def swap_verdict(before: str, after: str, answer: str) -> str:
    """Whether the prediction followed the cue, in a sentence."""
    kind = outcome(before, after, answer)
    if kind == "followed":
        return plain("swap.followed", before=before, after=after)
    if kind == "stayed":
        return plain("swap.stayed", before=before)
    return plain("swap.elsewhere", before=before, after=after, answer=answer)
