"""The page around a lesson: large type and two columns on a projector; the panel of the tour stays visible."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from app import state
from app.state import Key
from app.widgets.lesson.playing import open_step, section_shown, waits

CSS, TOUR = (Path(__file__).with_name(name) for name in ("projector.css", "tour.css"))


def arrange() -> None:
    """Arrange the page for a projector if the link requests it, or for the tour, whose panel stays visible."""
    place = open_step()
    if state.get(Key.PROJECTOR):
        st.set_page_config(initial_sidebar_state="collapsed")
        st.html(CSS)
    elif place is not None and place.lesson.tour:
        st.html(TOUR)
    if section := section_shown():
        st.html(f'<span class="lesson-reveals-{section}"></span>')


def digits(text: str) -> str:
    """The number at the end of a bar; empty on a projector before the answer, so that the class compares lengths."""
    return "" if state.get(Key.PROJECTOR) and waits() else text
