"""The downloads of lessons: worksheets and answers, and for teachers the keys and the questions."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode

import streamlit as st

from app import state
from app.runtime.lessons import measured
from app.runtime.votes import teacher_key, votes
from app.state import Key
from app.titles import class_title
from app.widgets import lesson as playing
from app.widgets.lesson import voting
from app.widgets.lesson.exports import VOTE_COLUMNS, answer_rows, to_csv, vote_rows
from app.widgets.lesson.voting import FEWEST, class_code
from app.words import language, literal, word
from core import InvalidInput
from core.lessons import Lesson, new_code, to_gift, worksheet


def app_address() -> str:
    """The address of the app, for links to steps."""
    return f"{state.page_address().removesuffix('/').removesuffix('/learn')}/"


def show_materials(lesson: Lesson) -> None:
    """Draw the downloads of a lesson; a file is created when its button is clicked."""
    with st.container(horizontal=True, gap="small"):
        _button(lesson, "worksheet", "worksheet.html", "text/html", make_worksheet(lesson, language(), key=False))
        if state.get(Key.TEACHER):
            _button(lesson, "key", "key.html", "text/html", make_worksheet(lesson, language(), key=True))
            _button(lesson, "gift", "gift.txt", "text/plain", make_gift(lesson, language()))
    if state.get(Key.TEACHER):
        show_link(lesson)


def show_class() -> None:
    """Draw the controls of a class: a new code, the end of the class, and the projector mode."""
    with st.container(border=True, key="learn-class"):
        st.markdown(f"**{word('learn.class')}**")
        st.caption(word("learn.class.about"))
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.button(word("learn.class.new"), key="learn-class-new", icon=":material/group_add:", on_click=_begin)
            if voting.teaches():
                _votes_button()
            if class_code():
                st.button(word("learn.class.end"), key="learn-class-end", type="tertiary", on_click=_end)
            on = bool(state.get(Key.PROJECTOR))
            means = word("learn.projector.help")
            st.toggle(
                word("learn.projector"), on, key="learn-projector", help=means, on_change=_project, args=(not on,)
            )


def show_link(lesson: Lesson) -> None:
    """Draw the link of a lesson for the students of a class."""
    if code := class_code():
        st.caption(word("learn.class.code", code=code))
        query = {"lesson": lesson.name, "class": code, "lang": language()}
        st.code(f"{app_address()}?{urlencode(query)}", language=None)


def _begin() -> None:
    code = new_code()
    state.put(Key.CLASS, code)
    state.put(Key.TEACHER, teacher_key(code))


def _end() -> None:
    state.reset(Key.CLASS)
    state.put(Key.TEACHER, "1")


def _project(on: bool) -> None:
    if on:
        state.put(Key.PROJECTOR, "1")
    else:
        state.reset(Key.PROJECTOR)


def _class_names(lesson: Lesson) -> Callable[[str], str]:
    """The names of the measured classes in the session's language, which is not known where a file is created."""
    values = {str(one.measured.value) for one in measured(lesson).values()}
    named = {one: class_title(one, ()) for one in values}
    return lambda one: named.get(one, one)


def make_worksheet(lesson: Lesson, code: str, *, key: bool) -> Callable[[], str]:
    """A function that creates the page to print."""
    address, found, name = app_address(), measured(lesson), _class_names(lesson)
    return lambda: worksheet(lesson, code, found, key=key, address=address, name=name)


def make_gift(lesson: Lesson, code: str) -> Callable[[], str]:
    """A function that creates the questions for Moodle."""
    found, name = measured(lesson), _class_names(lesson)
    return lambda: to_gift(lesson, code, found, name=name)


def _votes_button() -> None:
    """Draw the download of the class's votes, once there are any."""
    try:
        tallies = votes().tallies(class_code())
    except InvalidInput as error:
        st.warning(literal(error))
        return
    if rows := list(vote_rows(tallies)):
        st.download_button(
            word("learn.votes"),
            to_csv(rows, VOTE_COLUMNS),
            file_name=f"votes.{class_code()}.csv",
            mime="text/csv",
            key="learn-votes",
            icon=":material/download:",
            help=word("learn.votes.help", count=FEWEST),
            on_click="ignore",
        )


def show_answers() -> None:
    """Draw the download of the session's answers, once there are any."""
    if playing.answers():
        st.download_button(
            word("learn.answers"),
            to_csv(answer_rows()),
            file_name="answers.csv",
            mime="text/csv",
            key="learn-answers",
            icon=":material/download:",
            help=word("learn.answers.help"),
            on_click="ignore",
        )


def _button(lesson: Lesson, name: str, end: str, mime: str, make: Callable[[], str]) -> None:
    st.download_button(
        word(f"learn.{name}"),
        make,
        file_name=f"{lesson.name}.{language()}.{end}",
        mime=mime,
        key=f"learn-{name}.{lesson.name}",
        type="tertiary",
        icon=":material/quiz:" if name == "gift" else ":material/print:",
        help=word(f"learn.{name}.help"),
        on_click="ignore",
    )
