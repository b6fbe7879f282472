"""The glossary in the side bar: every technical term of the app in one sentence, with a search box."""

from __future__ import annotations

from functools import lru_cache

import streamlit as st

from app.words import Marked, glossary_entry, language, terms, word

HEIGHT = 380  # pixels; the rest is reached by scrolling


def find_terms(text: str) -> list[Marked]:
    """The entries that hold a text, in upper or lower case, by their terms in alphabetical order; all for no text."""
    return [entry for entry in _entries(language()) if text.casefold() in entry.casefold()]


@lru_cache(maxsize=8)
def _entries(spoken: str) -> tuple[Marked, ...]:
    """All entries in the language that is ``spoken``, in order; every run draws them."""
    entries = {word(f"term.{slug}"): glossary_entry(slug) for slug in terms()}
    return tuple(entries[term] for term in sorted(entries, key=str.casefold))


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
