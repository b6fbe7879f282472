"""Export of a run: its table, its pictures with their maps, and a report, of the shown pictures or of all."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import partial
from typing import TypeVar

import numpy as np
import streamlit as st

from app import state
from app.runtime.mistakes import exports, runs, tags
from app.runtime.mistakes.runs import Opened
from app.state import Key
from app.views.mistakes import selection
from app.views.mistakes.keys import MistakesKey
from app.widgets import job
from app.words import literal, megabytes, whole, word
from core import InvalidInput
from core.types import Progress

T = TypeVar("T")

SHOWN, ALL = "shown", "all"
ZIPPED, REPORTED = 400, 100
"""The most pictures in a zip, which stays under 100 MB, and in a report, which opens without delay."""
WIDTH = 340  # pixels


def show_export(opened: Opened) -> None:
    """Draw the popover."""
    with st.popover(word("export.title"), icon=":material/download:", key="export"), st.container(width=WIDTH):
        places = pick_pictures(opened)
        offer_table(opened, places)
        zipped(opened, places)
        offer_report(opened, places)


def pick_pictures(opened: Opened) -> np.ndarray:
    """Which pictures: those that the gallery shows, in its order, or all."""
    places = runs.filtered(opened, selection.current())
    counts = {SHOWN: whole(len(places)), ALL: whole(len(opened.table))}
    chosen = st.segmented_control(
        word("export.which"),
        [SHOWN, ALL],
        key=f"{MistakesKey.EXPORTED}.which",
        default=SHOWN,
        format_func=lambda one: word("export.shown" if one == SHOWN else "export.all", count=counts[one]),
        label_visibility="collapsed",
        required=True,
        persist_state="session",
    )
    return places if chosen == SHOWN else np.arange(len(opened.table))


def offer_table(opened: Opened, places: np.ndarray) -> None:
    """The table, with the tags, as two kinds of file."""
    st.markdown(f"**{word('export.table')}**")
    given = tags.every(opened.run)
    with st.container(horizontal=True, gap="small"):
        for ending, title, mime in (
            ("csv", word("export.csv"), "text/csv"),
            ("parquet", word("export.parquet"), "application/vnd.apache.parquet"),
        ):
            st.download_button(
                title,
                state.deferred(lambda ending=ending: exports.export_table(opened, places, given, ending)),
                file_name=f"{opened.run.folder.name}.{ending}",
                mime=mime,
                key=f"export-{ending}",
                on_click="ignore",
            )


def zipped(opened: Opened, places: np.ndarray) -> None:
    """The pictures with their maps, as a zip of PNGs."""
    titles = {"attention": word("case.attention"), "cam": word("case.cam")}
    offered = [name for name in titles if opened.run.keeps(name)]
    if not offered or not len(places):
        return
    st.markdown(f"**{word('export.pictures')}**")
    if len(places) > ZIPPED:
        st.caption(word("export.first", count=ZIPPED))
    name = st.segmented_control(
        word("export.maps"),
        offered,
        key=f"{MistakesKey.EXPORTED}.map",
        default=offered[0],
        format_func=titles.get,
        label_visibility="collapsed",
        required=True,
        persist_state="session",
    )
    size, seconds = exports.zip_expected(opened, places[:ZIPPED], name)
    st.caption(word("export.zip.about", size=megabytes(size), duration=job.duration(seconds)))
    key = exports.zip_key(opened, places[:ZIPPED], name)
    work = partial(exports.zipped, opened, places[:ZIPPED], name)
    found = make(key, "zip", word("export.zip"), work)
    if found is not None:
        st.download_button(
            word("export.zip.save", size=megabytes(len(found))),
            found,
            file_name=f"{opened.run.folder.name}-{name}.zip",
            mime="application/zip",
            key="export-zip",
            type="primary",
            on_click="ignore",
        )


def offer_report(opened: Opened, places: np.ndarray) -> None:
    """The report, and its numbers."""
    st.markdown(f"**{word('export.report')}**")
    st.caption(word("export.report.what", count=min(REPORTED, len(places))))
    key = exports.report_key(opened, places[:REPORTED])
    work = partial(exports.export_report, opened, places[:REPORTED])
    found = make(key, "report", word("export.report.make"), work)
    if found is None:
        return
    page, facts = found
    with st.container(horizontal=True, gap="small"):
        st.download_button(
            word("export.report.save", size=megabytes(len(page))),
            page,
            file_name=f"{opened.run.folder.name}.html",
            mime="text/html",
            key="export-report",
            type="primary",
            on_click="ignore",
        )
        st.download_button(
            word("export.json"),
            facts,
            file_name=f"{opened.run.folder.name}.json",
            mime="application/json",
            key="export-json",
            on_click="ignore",
        )


def make(key: Hashable, name: str, label: str, work: Callable[[Progress], T]) -> T | None:
    """The earlier result of ``work(tick)``, or None while it is offered; ``name`` distinguishes its buttons."""
    if (found := exports.find_export(key)) is not None:
        return found

    def work_once(tick: Progress) -> None:
        state.reset(Key.RUNNING)  # whatever ends this run ends the work
        work(tick)

    try:
        job.job(key, work_once, name=name, label=label, first=word("export.drawing"), type="secondary")
    except InvalidInput as error:
        st.error(literal(error))
    return None
