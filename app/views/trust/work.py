"""Work that may take long: done at once where it is quick, else with its time said, a bar and a Stop."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import streamlit as st

from app import state
from app.runtime import sources
from app.state import Key
from app.widgets import computation
from app.words import word
from core.types import Progress

T = TypeVar("T")


def carry_out(
    key: tuple, expected: Callable[[], float], job: Callable[[Progress | None], T], name: str = "start"
) -> T | None:
    """What was found under the key, or what ``job(tick)`` gives; None while the visitor has not asked for a long one.

    ``expected()`` is how many seconds it takes; ``name`` is that of the button, one for each work on a page.
    """
    found = sources.find(key)
    if found is not None:
        return found
    seconds = expected()
    if seconds <= computation.QUICK:
        return job(None)
    if state.get(Key.RUNNING) != key:
        computation.offer(seconds, key, name)
        return None
    bar = st.progress(0.0, word("compute.running"))
    st.button(word("compute.stop"), key="stop", on_click=lambda: state.forget(Key.RUNNING))

    def tick(done: int, total: int) -> None:
        bar.progress(min(1.0, done / total), word("compute.progress", done=done, total=total))

    job(tick)
    state.forget(Key.RUNNING)
    st.rerun()
