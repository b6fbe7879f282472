"""The projector mode: larger type, the side bar closed, and the lesson next to the page."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from app import state
from app.state import Key

CSS = Path(__file__).with_name("projector.css")


def project() -> None:
    """Draw the page for a projector where the address wants it."""
    if state.get(Key.PROJECTOR):
        st.set_page_config(initial_sidebar_state="collapsed")
        st.html(CSS)
