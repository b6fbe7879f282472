"""What a teacher takes from a lesson: its worksheet and, with ``teacher=1`` in the address, the key."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from app import state
from app.runtime.lessons import measured
from app.state import Key
from app.titles import class_title
from app.words import language, word
from core.lessons import Lesson, worksheet


def app_address() -> str:
    """The address of the app itself, at which a step opens."""
    return f"{state.page_address().removesuffix('/').removesuffix('/learn')}/"


def show_materials(lesson: Lesson) -> None:
    """Draw the downloads of a lesson; a file is made when its button is pressed."""
    with st.container(horizontal=True, gap="small"):
        _button(lesson, "worksheet", "worksheet.html", "text/html", make_worksheet(lesson, language(), key=False))
        if state.get(Key.TEACHER):
            _button(lesson, "key", "key.html", "text/html", make_worksheet(lesson, language(), key=True))


def make_worksheet(lesson: Lesson, code: str, *, key: bool) -> Callable[[], str]:
    """What makes the page to print; a session's language is not known where it runs."""
    address, found = app_address(), measured(lesson)
    named = {str(one.measured.value): class_title(str(one.measured.value), ()) for one in found.values()}
    return lambda: worksheet(lesson, code, found, key=key, address=address, name=lambda one: named.get(one, one))


def _button(lesson: Lesson, name: str, end: str, mime: str, make: Callable[[], str]) -> None:
    st.download_button(
        word(f"learn.{name}"),
        make,
        file_name=f"{lesson.name}.{language()}.{end}",
        mime=mime,
        key=f"learn-{name}.{lesson.name}",
        type="tertiary",
        icon=":material/print:",
        help=word(f"learn.{name}.help"),
        on_click="ignore",
    )
