"""Earlier runs: the list to reopen one from, the head of the open one, and removing it."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from app import state
from app.runtime import kept_runs
from app.runtime.mistakes import folders, owners, runs, scans
from app.runtime.mistakes.runs import Opened
from app.runtime.public import is_public
from app.state import Key
from app.views.mistakes import comparison, export, overview, selection, splits_and_columns
from app.views.mistakes.keys import MistakesKey
from app.views.mistakes.titles import data_title, model_title, pictures, short_title, started, with_broken
from app.widgets import models
from app.words import listed, literal, means, percent_format, plain, recall, say, together, whole, word
from core import InvalidInput
from core.scanning import Run

LINES = 12
"""Lines of the list; the rest is reached by scrolling."""
LINE = 35  # pixels
FOLDER = f"{MistakesKey.RUNS}.folder"


def show_list() -> None:
    """The list of the runs that are kept; a click on a line opens that one."""
    kept = owners.shown_runs()
    st.subheader(word("runs.title"))
    where = "" if folders.is_closed() else word("runs.where", folder=kept_runs.folder())
    st.caption(together(word("runs.kept" if kept else "runs.none"), where))
    if kept:
        list_kept(kept)
    if folders.offers():
        enter_folder()
    if kept:
        fetch_charts()


def fetch_charts() -> None:
    """An invisible chart, so that the browser loads the chart library before a run is opened."""
    st.plotly_chart({"data": [{"type": "scatter"}]}, key="fetch-charts")


def enter_folder() -> None:
    """A run in another folder on the machine that the app runs on."""

    def open_entered() -> None:
        if place := folders.typed(state.get(FOLDER) or ""):
            show_run(place)

    st.text_input(word("runs.folder"), key=FOLDER, placeholder=word("runs.folder.example"), on_change=open_entered)


def show_run(name: str) -> None:
    """Open a run, and select its model if it is available; in a callback."""
    try:
        slug = runs.open_one(name).run.facts["model"]
    except InvalidInput as error:
        state.notice(say(error))
        return
    selection.open_run(name)
    if slug in models.offered() and slug != state.get(Key.MODEL):
        models.select_model(slug)


def list_kept(kept: Sequence[Run]) -> None:
    """The runs as lines to click."""

    def click() -> None:
        line = state.clicked_line(MistakesKey.RUNS)
        if line is not None:
            show_run(kept_runs.name_of(kept[line]))

    lines = [
        {
            "model": short_title(run),
            "right": None if (share := runs.brief(run).right) is None else 100 * share,
            "pictures": with_broken(run, pictures(run)),
            "data": data_title(run),
            "started": started(run),
        }
        for run in kept
    ]
    st.dataframe(
        lines,
        key=MistakesKey.RUNS,
        on_select=click,
        selection_mode="single-cell",  # a click anywhere in a line opens it
        hide_index=True,
        height=LINE * (min(LINES, len(lines)) + 1) + 3,
        row_height=LINE,
        placeholder="",
        alt=word("runs.title"),
        column_config={
            "model": st.column_config.TextColumn(word("table.model"), width=170),
            "right": st.column_config.NumberColumn(
                word("runs.right"), format=percent_format(1), help=means("accuracy"), width=65
            ),
            "pictures": st.column_config.TextColumn(word("table.pictures"), width=125),
            "data": st.column_config.TextColumn(word("runs.data"), width=195),
            "started": st.column_config.TextColumn(word("runs.started"), width=120),
        },
    )


def show_head(opened: Opened) -> None:
    """Draw the head of the open run, and the way back to the list."""

    def close() -> None:
        selection.open_run(None)

    title, buttons = st.columns([1.4, 1], vertical_alignment="center")
    with title:
        st.subheader(literal(model_title(opened.run)))
        sentence = word("runs.on", data=data_title(opened.run), count=pictures(opened.run))
        st.markdown(f"{with_broken(opened.run, sentence)} · {overview.overview_text(opened)}")
        splits_and_columns.state_of(opened.run)
        if opened.run.facts.get("independent"):
            st.caption(word("overview.independent"))
    with buttons, st.container(horizontal=True, horizontal_alignment="right", gap="xsmall"):
        if len(opened.table):
            comparison.pick_other(opened)
            export.show_export(opened)
        if kept_runs.is_kept(opened.run) and owners.is_mine(opened.run):
            share(opened)
            if not is_public():
                remove(opened)
        st.button(word("runs.all"), key="runs-back", icon=":material/list:", on_click=close)
    unanswered(opened)
    broken(opened)
    unmatched(opened)


def share(opened: Opened) -> None:
    """Draw the choice to show the run to other users, on a server that others reach."""
    if not folders.is_closed():
        return

    def change() -> None:
        try:
            owners.share(opened.run, bool(state.get(MistakesKey.SHARED)))
        except InvalidInput as error:
            state.notice(say(error))

    state.put(MistakesKey.SHARED, owners.is_shared(opened.run))
    st.toggle(word("runs.share"), key=MistakesKey.SHARED, help=word("runs.share.help"), on_change=change)


def remove(opened: Opened) -> None:
    """Remove the run, after a second confirmation."""

    def go() -> None:
        try:
            scans.remove(opened.run)
        except InvalidInput as error:
            state.notice(say(error))
            return
        selection.open_run(None)

    with st.popover(word("runs.remove"), type="tertiary", key="remove"):
        st.markdown(word("runs.remove.sure", folder=opened.run.folder))
        st.button(word("runs.remove.go"), key="remove-run", type="primary", on_click=go)


def broken(opened: Opened) -> None:
    """The pictures that could not be read, with the reason of each."""
    found = runs.broken(opened)
    if not len(found):
        return
    with st.expander(word("broken.title", count=whole(len(found))), icon=":material/broken_image:", key="broken"):
        st.dataframe(
            found.assign(reason=found["reason"].map(recall)),
            hide_index=True,
            height=LINE * (min(LINES, len(found)) + 1) + 3,
            row_height=LINE,
            alt=word("broken.alt"),
            column_config={
                "number": None,
                "path": st.column_config.TextColumn(word("broken.path"), width="medium"),
                "reason": st.column_config.TextColumn(word("broken.reason"), width="large"),
            },
        )


def unanswered(opened: Opened) -> None:
    """Draw the pictures for which the model's output is not finite; they are not counted."""
    found = runs.unanswered(opened)
    if not len(found):
        return
    count = word("unanswered.many", count=whole(len(found)))
    with st.expander(word("unanswered.title", count=count), icon=":material/error:", key="unanswered"):
        st.caption(word("unanswered.what"))
        st.dataframe(
            found,
            hide_index=True,
            height=LINE * (min(LINES, len(found)) + 1) + 3,
            row_height=LINE,
            alt=word("unanswered.alt"),
            column_config={
                "number": None,
                "reason": None,
                "path": st.column_config.TextColumn(word("broken.path"), width="medium"),
                "label": st.column_config.TextColumn(word("unanswered.label"), help=means("label"), width="small"),
            },
        )


def unmatched(opened: Opened) -> None:
    """Draw the labels that match no class of the model, if any."""
    found = runs.unmatched(opened)
    if found:
        named = listed(plain("unmatched.label", label=label, count=whole(count)) for label, count in found.items())
        with st.expander(word("unmatched.title", count=len(found)), icon=":material/label_off:", key="unmatched"):
            st.markdown(word("unmatched.labels", labels=named))
