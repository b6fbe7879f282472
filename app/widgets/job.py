"""Long work: its estimated time, then a bar with the remaining time, and Stop."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from enum import StrEnum
from typing import Any

import streamlit as st

from app import state
from app.runtime.jobs import jobs_ahead
from app.state import Key
from app.words import word
from core import InvalidInput
from core.types import Progress

Say = Callable[[int, int], str]
QUICK = 2.0
"""Work of up to this many seconds starts without a click."""
SOON = 1.0
"""Seconds after which the remaining time can be estimated."""


def duration(seconds: float) -> str:
    """A duration in words."""
    if seconds < 90:
        return word("duration.seconds", count=max(1, round(seconds)))
    return word("duration.minutes", count=round(seconds / 60))


def job(
    key: Hashable,
    work: Callable[[Progress], object],
    *,
    name: str,
    seconds: float = 0.0,
    label: str = "",
    about: str = "",
    first: str = "",
    say: Say | None = None,
    **button: Any,
) -> None:
    """Offer the work of that key; once started, run it with a progress bar and Stop, then rerun the page.

    It is drawn outside of fragments: a click in a fragment waits until the run has ended, and so would Stop.

    Args:
        key: What the work is about; it is dropped where that of another key is begun.
        work: Does it, and calls ``tick(done, total)`` meanwhile.
        name: Names its buttons, ``start-NAME`` and ``stop-NAME``.
        seconds: How long it takes; shown before the start if it is not quick.
        label: The button that begins.
        about: The text before the start, in place of the time.
        first: What the bar shows at first.
        say: What it shows after ``done`` of ``total``.
        **button: What else ``st.button`` takes.

    Raises:
        InvalidInput: what ended the work.
    """
    if is_running(key):
        run(work, name=name, first=first, say=say)
        return
    about = about or (word("compute.about", duration=duration(seconds)) if seconds > QUICK else "")
    with st.container(horizontal=True, vertical_alignment="center"):
        if about:
            st.markdown(about, width="content")
        label, look = label or word("compute.start"), {"type": "primary"} | button
        st.button(label, key=f"start-{name}", on_click=lambda: state.put(Key.RUNNING, key), **look)


def is_running(key: Hashable) -> bool:
    """Whether the work of that key was started, and is neither done nor stopped."""
    return state.get(Key.RUNNING) == key


def run(
    work: Callable[[Progress], object],
    *,
    name: str,
    first: str = "",
    say: Say | None = None,
    running: StrEnum = Key.RUNNING,
    stop: Callable[[], object] | None = None,
) -> None:
    """Run the work, as ``job`` takes it, with a progress bar, the remaining time and Stop, then rerun the page.

    ``running`` is the key of its request in the session; ``stop()``, where given, ends it in place of
    dropping that.
    """
    first = first or word("compute.running")
    place = st.empty()
    with place.container():  # in a horizontal container the button would not react
        bar = st.progress(0.0, first)
        st.button(word("compute.stop"), key=f"stop-{name}", on_click=stop or (lambda: state.reset(running)))
    began: list[tuple[float, float]] = []

    def tick(done: int, total: int) -> None:
        # a call of Streamlit's: it ends this run when the user has chosen something else
        if ahead := jobs_ahead():
            bar.progress(0.0, word("compute.queued", count=ahead))
            return
        if not total:
            bar.progress(0.0, first)
            return
        now, share = time.monotonic(), min(1.0, done / total)
        began[:] = began or [(now, share)]
        sentence = say(done, total) if say else word("compute.progress", done=done, total=total)
        since, before = began[0]
        if share > before and now - since > SOON:
            left = duration((now - since) / (share - before) * (1 - share))
            sentence = word("compute.left", sentence=sentence, left=left)
        bar.progress(share, sentence)

    try:
        work(tick)
    except InvalidInput:
        state.reset(running)
        place.empty()
        raise
    state.reset(running)
    st.rerun()  # the page again, with what was found and without the bar
