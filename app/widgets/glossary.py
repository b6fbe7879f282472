"""The glossary in the side bar: every technical term of the app in one sentence, with a search box."""

from __future__ import annotations

import streamlit as st

from app.runtime.glossary import glossary_entries
from app.words import Marked, word

HEIGHT = 380  # pixels; the rest is reached by scrolling


def find_terms(text: str) -> list[Marked]:
    """The entries that hold a text, in upper or lower case, by their terms in alphabetical order; all for no text."""
    return [entry for entry in glossary_entries() if text.casefold() in entry.casefold()]


def show_glossary() -> None:
    """Draw the button that opens the glossary."""
    with st.popover(word("glossary.title"), icon=":material/menu_book:", type="tertiary", key="glossary"):
        search()


@st.fragment
def search() -> None:
    """Draw the search box and the entries; a fragment, so that the page does not rerun."""
    wanted = st.text_input(
        word("glossary.search"),
        key="glossary-search",
        placeholder=word("glossary.search"),
        label_visibility="collapsed",
        icon=":material/search:",
    )
    found = find_terms((wanted or "").strip())
    with st.container(height=HEIGHT, border=False):
        st.markdown("\n\n".join(found) or word("glossary.none"))
