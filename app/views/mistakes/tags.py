"""Tags for the open picture, and for all shown: wrong label, shortcut, ambiguous, or custom."""

from __future__ import annotations

import streamlit as st

from app import state
from app.runtime.mistakes import owners, runs, tags
from app.runtime.mistakes.filters import TAGS
from app.runtime.mistakes.runs import Opened
from app.views.mistakes import selection
from app.views.mistakes.filters import tag_title
from app.words import listed, literal, say, whole, word
from core import InvalidInput

LONGEST = 40
"""The most characters of an own tag."""
OWN = "case-own-tags"


def show_tags(opened: Opened) -> None:
    """Draw the tags of the open picture: the common ones, which have keyboard shortcuts, and custom ones."""
    number = selection.open_number()
    given = tags.every(opened.run).get(number, ())
    if not owners.is_mine(opened.run):
        if given:
            st.caption(word("tags.given", tags=literal(listed(tag_title(name) for name in given))))
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key="case-tags"):
        for place, name in enumerate(TAGS, 1):
            on = name in given
            st.button(
                tag_title(name),
                key=f"tag.{name}",
                type="primary" if on else "secondary",
                icon=":material/check:" if on else ":material/sell:",
                shortcut=str(place),
                on_click=lambda name=name: toggle(opened, name),
            )
        own = [name for name in given if name not in TAGS]
        label = literal(listed(own)) or word("tags.own")
        with st.popover(label, type="primary" if own else "secondary", key=OWN, on_change="rerun"):
            pick_tags(opened, number, given)
            give_all(opened, given)


def toggle(opened: Opened, name: str) -> None:
    """Add a tag to the picture that is open now, or remove it, since keys can be faster than the page."""
    number = selection.open_number()
    given = tags.every(opened.run).get(number, ())
    put(opened, [number], [one for one in given if one != name] if name in given else [*given, name])


def pick_tags(opened: Opened, number: int, given: tuple[str, ...]) -> None:
    """Draw the choice of custom tags; the popover closes afterward, so that the keyboard shortcuts work again."""
    key, own = f"tags.{opened.name}.{number}", [name for name in given if name not in TAGS]
    state.put(key, own)

    def change() -> None:
        kept = [name for name in given if name in TAGS]
        put(opened, [number], [*kept, *(one.strip()[:LONGEST] for one in state.get(key))])
        state.put(OWN, False)

    st.multiselect(
        word("tags.pick"),
        list(dict.fromkeys(name for name in (*tags.used(opened.run), *own) if name not in TAGS)),
        key=key,
        accept_new_options=True,
        select_all=False,
        placeholder=word("tags.placeholder"),
        help=word("tags.help"),
        on_change=change,
    )


def give_all(opened: Opened, given: tuple[str, ...]) -> None:
    """Give the tags of this picture to all that the filter leaves."""
    places = runs.filtered(opened, selection.current())
    st.button(
        word("tags.all", count=whole(len(places))),
        key="case-tag-all",
        disabled=not given or len(places) < 2,
        on_click=lambda: put(opened, opened.table["number"].to_numpy()[places].tolist(), given, add=True),
    )


def put(opened: Opened, numbers: list[int], names: tuple[str, ...] | list[str], add: bool = False) -> None:
    """Write the tags down; a sentence where that cannot be."""
    try:
        tags.put(opened.run, numbers, names, add)
    except InvalidInput as error:
        state.notice(say(error))
