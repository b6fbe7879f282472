"""Tagging the opened picture, and all that are shown: wrong label, shortcut, ambiguous, or words of one's own."""

from __future__ import annotations

import streamlit as st

from app import state
from app.runtime import runs, tags
from app.runtime.runs import Opened
from app.state.mistakes import TAGS
from app.widgets.mistakes.chips import tag_title
from app.words import word
from core import InvalidInput

LONGEST = 40
"""Characters of a tag of one's own."""


def show(opened: Opened) -> None:
    """Draw the popover with the tags of the picture that is open."""
    number = state.mistakes.number()
    given = tags.every(opened.run).get(number, ())
    label = word("tags.some", count=len(given)) if given else word("tags.none")
    with st.popover(label, icon=":material/sell:", key="case-tags"):
        pick(opened, number, given)
        give_all(opened, given)


def pick(opened: Opened, number: int, given: tuple[str, ...]) -> None:
    """Choose among the tags that there are, or write one."""
    key = f"tags.{opened.name}.{number}"
    state.put(key, list(given))

    def change() -> None:
        put(opened, [number], [one.strip()[:LONGEST] for one in state.get(key)])

    st.multiselect(
        word("tags.pick"),
        list(dict.fromkeys((*TAGS, *tags.used(opened.run), *given))),
        key=key,
        format_func=tag_title,
        accept_new_options=True,
        select_all=False,
        placeholder=word("tags.placeholder"),
        help=word("tags.help"),
        on_change=change,
    )


def give_all(opened: Opened, given: tuple[str, ...]) -> None:
    """Give the tags of this picture to all that the filter leaves."""
    places = runs.filtered(opened, state.mistakes.selection())
    st.button(
        word("tags.all", count=f"{len(places):,}"),
        key="case-tag-all",
        disabled=not given or len(places) < 2,
        on_click=lambda: put(opened, opened.table["number"].to_numpy()[places].tolist(), given, add=True),
    )


def put(opened: Opened, numbers: list[int], names: tuple[str, ...] | list[str], add: bool = False) -> None:
    """Write the tags down; a sentence where that cannot be."""
    try:
        tags.put(opened.run, numbers, names, add)
    except InvalidInput as error:
        state.notice(str(error))
