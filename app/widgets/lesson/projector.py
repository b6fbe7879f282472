"""The projector mode: larger type, the side bar closed, and the lesson next to the section that its step reveals."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from app import state
from app.state import Key
from app.widgets.lesson.playing import section_shown, waits

CSS = Path(__file__).with_name("projector.css")


def project() -> None:
    """Draw the page for a projector where the address wants it."""
    if state.get(Key.PROJECTOR):
        st.set_page_config(initial_sidebar_state="collapsed")
        st.html(CSS)
        if section := section_shown():
            st.html(f'<span class="lesson-reveals-{section}"></span>')


def digits(text: str) -> str:
    """The digits at the end of a bar; none on a projector before the answer, so that the class compares lengths."""
    return "" if state.get(Key.PROJECTOR) and waits() else text
