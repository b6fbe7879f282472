"""The buttons of pinning: pin the present analysis or remove it, and open all pinned ones on the page Compare."""

from __future__ import annotations

import streamlit as st

from app import state
from app.state import Key, View
from app.widgets import pictures
from app.words import word


def keep(view: View) -> None:
    """Pin the view for comparison, and confirm it."""
    state.keep(view)
    st.toast(word("keep.done", name=pictures.title(view.sample)), icon=":material/push_pin:")


def open_compare() -> None:
    """Show the pinned analyses on the page Compare, from the next run on; in a callback."""
    state.put(Key.COMPARED, "pinned")
    state.put(Key.VIEW_WANTED, "compare")


def show_pins(view: View) -> None:
    """Draw the button that pins the view, or removes it where it is pinned; and the way to all that are pinned."""
    pinned = state.kept()
    held = view in pinned
    st.button(
        word("keep.kept" if held else "keep.keep"),
        key="keep",
        icon=":material/check:" if held else ":material/push_pin:",
        on_click=lambda: state.drop(view) if held else keep(view),
        help=word("keep.drop.help" if held else "keep.help"),
    )
    if pinned:
        st.button(
            word("keep.open", count=len(pinned)),
            key="open-compare",
            icon=":material/table_rows:",
            type="tertiary",
            on_click=open_compare,
        )
