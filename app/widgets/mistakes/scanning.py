"""A scan: how long it takes, said beforehand; its progress, the time that is left, and Stop."""

from __future__ import annotations

import time

import streamlit as st

from app import runtime, state
from app.runtime import runs, scans
from app.state import Key
from app.state.mistakes import Request
from app.widgets import computation, models
from app.widgets.mistakes import data
from app.words import word
from core import Classifier, InvalidInput, Stopped
from core.scanning import Run

SOON = 1.0
"""Seconds after which the time that is left can be told."""


def prepare(classifier: Classifier) -> None:
    """Everything that a new scan asks for."""
    st.subheader(word("scan.new"))
    st.caption(word("scan.what", model=models.model_title(classifier.card)))
    chosen = data.choose(classifier)
    if chosen is not None:
        offer(classifier, chosen)


def offer(classifier: Classifier, chosen: data.Chosen) -> None:
    """The button that starts the scan, with how long it will take."""
    count = f"{len(chosen.collection):,}"

    def start() -> None:
        name = scans.run_name(classifier, chosen.collection, chosen.mapping)
        mapping = tuple(chosen.mapping.items())
        ask(Request(classifier.card.slug, name, chosen.data, chosen.seed, chosen.pictures, mapping))

    expected = scans.seconds(classifier, runtime.milliseconds(classifier), chosen.collection)
    st.button(word("scan.start", count=count), key="scan", type="primary", icon=":material/play_arrow:", on_click=start)
    st.caption(word("scan.about", duration=computation.duration(expected), device=state.device()))


def ask(request: Request) -> None:
    """Scan from the next run on, until it is done or stopped."""
    state.put(Key.SCANNING, request)


def asked(classifier: Classifier | None) -> Request | None:
    """The scan that was asked for, as long as its model is the chosen one."""
    request = state.get(Key.SCANNING)
    if request is not None and (classifier is None or classifier.card.slug != request.model):
        state.forget(Key.SCANNING)
        return None
    return request


def show(classifier: Classifier, request: Request) -> None:
    """Scan with a bar and a Stop; then, or when it is stopped, the page is drawn anew with what was found."""
    st.subheader(word("scan.title", model=models.model_title(classifier.card)))
    bar = st.progress(0.0, word("scan.listing"))  # in a horizontal container the button below would be deaf
    st.button(word("compute.stop"), key="stop-scan", on_click=lambda: scans.stop(request.name))
    st.caption(word("scan.kept"))
    first: list[tuple[float, int]] = []

    def tick(done: int, total: int) -> None:
        # a call of Streamlit's: it ends this run when the visitor has asked for something else
        if not total:
            bar.progress(0.0, word("scan.listing"))
            return
        now = time.monotonic()
        began, before = first[0] if first else (now, done)
        first[:] = [(began, before)]
        told = word("scan.progress", done=f"{done:,}", total=f"{total:,}")
        if done > before and now - began > SOON:
            left = computation.duration((now - began) / (done - before) * (total - done))
            told = word("scan.left", told=told, left=left)
        bar.progress(done / total, told)

    try:
        scans.run(classifier, request, tick)
    except Stopped:
        pass  # what was scanned stays, and is shown
    except InvalidInput as error:
        state.notice(str(error))
    state.forget(Key.SCANNING)
    state.mistakes.open_run(request.name if runs.begun(request.name) else None)
    st.rerun()


def go_on(run: Run, classifier: Classifier | None) -> None:
    """Say that a run is not whole, and offer to go on with it; its model must be the chosen one."""
    left = run.facts["pictures"] - run.scanned
    if not left:
        return
    with st.container(horizontal=True, vertical_alignment="center", key="unfinished"):
        st.markdown(word("scan.unfinished", left=f"{left:,}", total=f"{run.facts['pictures']:,}"))
        if classifier is not None and classifier.card.slug == run.facts["model"]:
            request = scans.request(run)
            st.button(word("scan.go_on"), key="go-on", icon=":material/play_arrow:", on_click=lambda: ask(request))
        elif run.facts["model"] in models.shelf():
            slug = run.facts["model"]
            st.button(word("scan.choose"), key="choose-model", on_click=lambda: models.choose(slug))
