"""The pictures that the filter leaves, 24 a page."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from app import state
from app.components.gallery import sheet
from app.runtime.mistakes import runs, tags
from app.runtime.mistakes.runs import Opened
from app.titles import class_title
from app.views.mistakes import filters, selection
from app.views.mistakes.comparison import predictions_there
from app.views.mistakes.keys import MistakesKey
from app.words import listed, percent, plain, whole, word

PAGE = 24


def show_gallery(opened: Opened) -> None:
    """Draw the chips, the pictures of one page, and the pages."""
    filters.show_filters(opened)
    places = runs.filtered(opened, selection.current())
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        with st.container(horizontal=True, vertical_alignment="center", width="content"):
            count = whole(len(places))
            st.markdown(word("gallery.one" if count == "1" else "gallery.count", count=count), width="content")
            filters.clear()
        filters.pick_sort(opened)
    if not len(places):
        st.info(word("gallery.empty"))
        return
    pages = -(-len(places) // PAGE)
    follow(opened, places, pages)
    page = selection.page()
    draw_gallery(opened, places[PAGE * (page - 1) : PAGE * page])
    if pages > 1:
        key = selection.page_key()
        st.pagination(pages, default=page, key=key, on_change=lambda: selection.turned(key), width="stretch")


def follow(opened: Opened, places: np.ndarray, pages: int) -> None:
    """Turn to the page of a picture that has just been opened elsewhere; and to the last one where there are fewer."""
    number, page = selection.open_number(), selection.page()
    if number is not None and number != state.get(MistakesKey.FOLLOWED):
        found = np.flatnonzero(opened.table["number"].to_numpy()[places] == number)
        page = int(found[0]) // PAGE + 1 if len(found) else page
    state.put(MistakesKey.FOLLOWED, number)
    if min(page, pages) != selection.page():
        selection.turn(min(page, pages))


def draw_gallery(opened: Opened, places: np.ndarray) -> None:
    """Draw the pictures at those places; a click opens one."""
    given, rows, there = tags.every(opened.run), opened.table.iloc[places], predictions_there(opened)
    right, labeled = runs.correctness(rows), runs.labeled(opened)
    shots = [
        sheet.Shot(
            number=int(number),
            jpeg=jpeg,
            above=what(true, label, opened.classes) if labeled or not is_missing(label) else "",
            below=class_title(str(predicted), opened.classes),
            share=percent(confidence, 0),
            wrong=bool(one == 0),
            note=note(given.get(int(number), ()), there.get(int(number))),
        )
        for number, true, label, predicted, confidence, one, jpeg in zip(
            rows["number"], rows["true"], rows["label"], rows["predicted"], rows["confidence"], right,
            runs.thumbnails(opened, places), strict=True,
        )
    ]  # fmt: skip

    def click() -> None:
        number = state.component(MistakesKey.SHOTS, "opened")
        if number is not None:
            selection.open_picture(number)
            state.put(MistakesKey.FOLLOWED, number)  # it is on the page that is shown

    sheet.show_sheet(
        shots,
        selection.open_number(),
        key=MistakesKey.SHOTS,
        label=word("gallery.label"),
        gone=word("gallery.gone"),
        on_opened=click,
    )


def note(names: tuple[str, ...], there: str | None) -> str:
    """The last line under a picture: its tags, and the prediction of the compared run, if it differs."""
    stated = [plain("gallery.there", name=there)] if there else []
    return listed([*stated, *map(filters.tag_title, names)])


def what(true: object, label: object, classes: Sequence[str]) -> str:
    """The class of a picture, or its label if that matches no class."""
    if not is_missing(true):
        return class_title(str(true), classes)
    return plain("gallery.no_class") if is_missing(label) else plain("gallery.label_only", label=label)


def is_missing(value: object) -> bool:
    """Whether a cell of the table is empty."""
    return value is None or value != value
