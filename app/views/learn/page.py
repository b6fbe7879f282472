"""Learn: the list of lessons, with the duration of each and the user's progress."""

from __future__ import annotations

import streamlit as st

from app import state
from app.runtime.lessons import lesson_problems, lessons
from app.state import Key
from app.views.learn import materials
from app.views.learn.keys import ADDRESS
from app.widgets import lesson as playing
from app.widgets.lesson.playing import result
from app.widgets.lesson.texts import show_text, words_of
from app.words import literal, plain, word
from core.lessons import Lesson


def show_lesson(number: int, one: Lesson) -> None:
    """Draw one lesson: its title, its description, and the button that opens it."""
    words = words_of(one)
    answered, skipped, total = result(one)
    with st.container(border=True, key=f"lesson-card-{one.name}"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{number}. {words.title}**")
            st.caption(plain("learn.minutes", count=one.minutes))
            begun = bool(answered + skipped)
            st.button(
                word("learn.continue" if begun else "learn.start"),
                key=f"learn.{one.name}",
                type="primary",
                on_click=playing.begin,
                args=(one, next_step(one)),
            )
        if text := words.block(one.steps[0].name, "about"):
            show_text(one, text)
        materials.show_materials(one)
        if begun:
            st.caption(plain("learn.progress", answered=answered, skipped=skipped, total=total))


def next_step(one: Lesson) -> str:
    """The first step whose question is not answered yet, or the first of all."""
    done = playing.answers()
    return next((step.name for step in one.steps if step.exercise and f"{one.name}/{step.name}" not in done), "")


st.subheader(word("learn.title"))
st.markdown(word("learn.about"))
materials.show_answers()
if state.get(Key.TEACHER):
    materials.show_class()
for number, one in enumerate(lessons(), 1):
    show_lesson(number, one)
for sentence in lesson_problems():
    st.warning(literal(sentence))
state.publish_choices(ADDRESS)
