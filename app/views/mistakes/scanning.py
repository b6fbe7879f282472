"""A scan: its estimated time; then its progress, the remaining time, and Stop."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from app import runtime, state
from app.runtime import kept_runs
from app.runtime.mistakes import owners, scans
from app.runtime.mistakes.scans import Request
from app.state import Key
from app.titles import device_title
from app.views.mistakes import data, selection
from app.views.mistakes.keys import MistakesKey
from app.widgets import job, models
from app.words import say, whole, word
from core import Classifier, InvalidInput, Stopped
from core.scanning import Run
from core.types import Progress


def prepare(classifier: Classifier) -> None:
    """The choices for a new scan."""
    st.subheader(word("scan.new"))
    st.caption(word("scan.what", model=models.model_title(classifier.card)))
    chosen = data.choose_data(classifier)
    if chosen is not None:
        offer(classifier, chosen)


def offer(classifier: Classifier, chosen: data.Chosen) -> None:
    """The button that starts the scan, with how long it will take."""
    count = whole(len(chosen.collection))

    def start() -> None:
        name = scans.run_name(classifier, chosen.collection, chosen.mapping)
        mapping = tuple(chosen.mapping.items())
        request_scan(
            Request(
                classifier.card.slug, name, chosen.data, chosen.seed, chosen.pictures, mapping,
                split=chosen.split, columns=chosen.columns,
            )
        )  # fmt: skip

    expected = scans.seconds(classifier, runtime.milliseconds(classifier), chosen.collection)
    label, icon = word("scan.start", count=count), ":material/play_arrow:"
    st.button(label, key="start-scan", type="primary", icon=icon, on_click=start)
    st.caption(word("scan.about", duration=job.duration(expected), device=device_title(state.device())))


def request_scan(request: Request) -> None:
    """Scan from the next run on, until it is done or stopped."""
    state.put(MistakesKey.SCANNING, request)


def requested_scan(classifier: Classifier | None) -> Request | None:
    """The requested scan, as long as its model is the chosen one.

    Returning from another page restores the scan and its model. Selecting another model on this page ends the scan.
    """
    request, away = state.get(MistakesKey.SCANNING), state.take(MistakesKey.AWAY)
    if request is None or (classifier is not None and classifier.card.slug == request.model):
        return request
    if away and request.model in models.offered() and state.get(Key.MODEL) != request.model:
        state.choose_model(request.model)
        st.rerun()
    if classifier is not None or state.get(Key.MODEL) != request.model:
        scans.stop(request.name)
    state.reset(MistakesKey.SCANNING)
    return None


def follow(page: Path) -> None:
    """Draw the progress of the user's scan, if there is one, on every other page, with a link to its ``page``."""
    if state.get(MistakesKey.SCANNING):
        _follow(page)


@st.fragment(run_every=1.0)
def _follow(page: Path) -> None:
    request = state.get(MistakesKey.SCANNING)
    if request is None:
        return
    state.put(MistakesKey.AWAY, True)
    card = models.offered().get(request.model)
    st.caption(word("scan.elsewhere", model=models.model_title(card) if card else request.model))
    found = scans.progress(request.name)
    if found is None:  # done, or stopped: the page shows what was found
        state.reset(MistakesKey.SCANNING)
        if kept_runs.begun(request.name):
            selection.open_run(request.name)
        st.rerun()
    done, total = found
    st.progress(done / max(1, total), word("scan.progress", done=whole(done), total=whole(total)))
    with st.container(horizontal=True):
        st.page_link(page, label=word("scan.show"))
        st.button(word("compute.stop"), key="stop-followed", on_click=lambda: scans.stop(request.name))


def show_scan(classifier: Classifier, request: Request) -> None:
    """Scan with a progress bar and Stop; afterward the page reruns and shows the results so far."""
    st.subheader(word("scan.title", model=models.model_title(classifier.card)))
    st.caption(word("scan.kept"))

    def work(tick: Progress) -> None:
        try:
            scans.run_scan(classifier, request, tick)
        except Stopped:
            pass  # what was scanned stays, and is shown
        except InvalidInput as error:
            state.notice(say(error))
        selection.open_run(request.name if kept_runs.begun(request.name) else None)

    job.run(
        work,
        name="scan",
        first=word("scan.listing"),
        say=lambda done, total: word("scan.progress", done=whole(done), total=whole(total)),
        running=MistakesKey.SCANNING,
        stop=lambda: scans.stop(request.name),
    )


def go_on(run: Run, classifier: Classifier | None) -> None:
    """Show that a run is unfinished, and offer to continue it; its model must be the selected one."""
    left = run.facts["pictures"] - run.scanned
    if not left or not owners.is_mine(run):
        return
    with st.container(horizontal=True, vertical_alignment="center", key="unfinished"):
        st.markdown(word("scan.unfinished", left=whole(left), total=whole(run.facts["pictures"])))
        if classifier is not None and classifier.card.slug == run.facts["model"]:
            request = scans.request(run)
            st.button(
                word("scan.go_on"), key="go-on", icon=":material/play_arrow:", on_click=lambda: request_scan(request)
            )
        elif run.facts["model"] in models.offered():
            slug = run.facts["model"]
            st.button(word("scan.choose"), key="choose-model", on_click=lambda: models.select_model(slug))
