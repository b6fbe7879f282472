"""The choice of the language, in the frame."""

from __future__ import annotations

import streamlit as st

from app.state import Key
from app.words import NAMES, word


def pick_language() -> None:
    """Draw the choice, with the native name of each language."""
    st.segmented_control(
        word("language.label"),
        list(NAMES),
        key=Key.LANGUAGE,
        format_func=NAMES.get,
        label_visibility="collapsed",
        required=True,
        width="content",
    )
