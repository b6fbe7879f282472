"""Long work: how long it takes, said beforehand, and the button that begins it."""

from __future__ import annotations

import streamlit as st

from app import state
from app.state import Key
from app.words import word

QUICK = 2.0
"""Seconds up to which a method runs without being asked."""


def duration(seconds: float) -> str:
    """About how long, as people say it."""
    if seconds < 90:
        return word("duration.seconds", count=max(1, round(seconds)))
    return word("duration.minutes", count=round(seconds / 60))


def offer(expected: float, key: tuple, name: str = "start") -> None:
    """Say how long it takes, and a button of that name that begins."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(word("compute.about", duration=duration(expected)))
        st.button(word("compute.start"), key=name, type="primary", on_click=lambda: state.put(Key.RUNNING, key))
