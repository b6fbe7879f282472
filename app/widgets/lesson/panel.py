"""The panel above the page while a lesson is open: the text and the question of the step, and the buttons."""

from __future__ import annotations

import streamlit as st

from app import state
from app.components.invitation.invitation import show_invitation, withdraw_invitation
from app.runtime.lessons import find_lesson
from app.state import Key, Subject
from app.widgets.lesson import voting
from app.widgets.lesson.playing import (
    Place,
    answer_of,
    assessed,
    begin,
    close,
    commit,
    done,
    open_step,
    repeat,
    result,
)
from app.widgets.lesson.questions import show_question, show_right_answer
from app.widgets.lesson.texts import show_text, value_text, words_of
from app.words import mark, plain, word
from core.lessons import AFTER, NOTE, QUESTION, SAY, Lesson

TOUR = "first-minute"
"""The lesson that is offered at the first visit."""


def show_panel(subject: Subject | None) -> None:
    """Draw the panel; if no lesson is open, the invitation to the tour, unless it was dismissed or accepted."""
    place = open_step()
    if place is None:
        _invite()
        return
    words, step = words_of(place.lesson), place.step
    with st.container(border=True, key="lesson-panel"):
        _head(place, words.title)
        for block in (SAY, QUESTION):
            if text := words.block(step.name, block):
                show_text(place.lesson, text)
        answer = answer_of(place)
        voting.show_state(place)
        given = show_question(place) if step.exercise is not None and answer is None else ()
        if answer is not None:
            show_right_answer(place, answer, subject)
        if done(place) and (text := words.block(step.name, AFTER)):
            show_text(place.lesson, text)
        state.put(Key.SHOWN_DONE, place.key if done(place) else "")
        if step.do and done(place):
            st.markdown(word("lesson.did"))
        if state.get(Key.TEACHER) and not state.get(Key.PROJECTOR) and (text := words.block(step.name, NOTE)):
            st.info(value_text(place.lesson, text), icon=":material/school:")
        if place.number + 1 == len(place.lesson.steps) and done(place):
            _finish(place.lesson)
        _ways(place, given)
    if voting.teaches():
        voting.show_votes(place)


def _invite() -> None:
    """Offer the tour if the app was opened without a link, and later until the tour is dismissed or finished."""
    tour = find_lesson(TOUR)
    if tour is None:
        return

    def accept() -> None:
        begin(tour)

    words = {"text": word("tour.invitation"), "accept": word("tour.start"), "dismiss": word("tour.dismiss")}
    first = bool(state.get(Key.FIRST_VISIT))
    show_invitation(words, name=TOUR, key=Key.INVITATION, first=first, on_accepted=accept)


def _head(place: Place, title: str) -> None:
    """Draw the title, the number of the step, the remaining time, and the button that ends the lesson."""
    with st.container(horizontal=True, vertical_alignment="center", key="lesson-head"):
        st.markdown(f"**{title}**")
        left = place.lesson.minutes_left(place.step.name)
        st.caption(plain("lesson.place", number=place.number + 1, total=len(place.lesson.steps), count=left))
        st.button(word("lesson.close"), key="lesson-close", type="tertiary", icon=":material/close:", on_click=close)
    st.progress((place.number + 1) / len(place.lesson.steps))


def _ways(place: Place, given: tuple[str | float, ...]) -> None:
    """Draw the buttons: previous step, answer or next step, and reset of the view."""
    steps, number = place.lesson.steps, place.number
    waiting = place.step.exercise is not None and answer_of(place) is None
    last = number + 1 == len(steps)
    with st.container(horizontal=True, gap="small", key="lesson-ways"):
        if number:
            before = steps[number - 1].name
            st.button(word("lesson.back"), key="lesson-back", on_click=begin, args=(place.lesson, before))
        if waiting:
            _answer_buttons(place, given)
        elif not last:
            after = (place.lesson, steps[number + 1].name)
            label = word("lesson.next" if done(place) else "lesson.next.undone")
            kind = "primary" if done(place) else "tertiary"
            st.button(label, key="lesson-next", type=kind, on_click=begin, args=after)
        here, means = (place.lesson, place.step.name), word("lesson.again.help")
        st.button(word("lesson.again"), key="lesson-again", type="tertiary", help=means, on_click=begin, args=here)


def _answer_buttons(place: Place, given: tuple[str | float, ...]) -> None:
    """The buttons that send the answer or skip the question."""
    if voting.votes_here(place):
        voting.show_buttons(place, given)
        return
    label, key = word("lesson.answer"), f"lesson-answer.{place.key}"
    st.button(label, key=key, type="primary", disabled=not given, on_click=commit, args=(place, given))
    st.button(word("lesson.skip"), key=f"lesson-skip.{place.key}", type="tertiary", on_click=commit, args=(place, ()))


def _finish(lesson: Lesson) -> None:
    """Summarize the lesson at its end."""
    if lesson.tour:
        st.success(word("lesson.toured"), icon=":material/task_alt:")
        state.put(Key.FIRST_VISIT, False)
        withdraw_invitation(name=lesson.name, key=Key.WITHDRAWN)
        return
    answered, skipped, total = result(lesson)
    done_text = word("lesson.done", answered=answered, skipped=skipped, total=total)
    st.success(f"{done_text}{mark(' ')}{word(f'lesson.assessed.{assessed(lesson)}')}", icon=":material/task_alt:")
    st.button(word("lesson.repeat"), key="lesson-repeat", on_click=_repeat, args=(lesson,))


def _repeat(lesson: Lesson) -> None:
    repeat(lesson)
    begin(lesson)
