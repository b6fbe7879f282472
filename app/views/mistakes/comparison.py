"""Two runs over the same pictures, compared: the accuracy of each, and the predictions that differ."""

from __future__ import annotations

import streamlit as st

from app import state
from app.runtime import kept_runs
from app.runtime.mistakes import comparison, owners, runs
from app.runtime.mistakes.filters import Group, Sort
from app.runtime.mistakes.runs import Opened
from app.views.mistakes import selection
from app.views.mistakes.keys import MistakesKey
from app.views.mistakes.titles import data_title, short_title, started
from app.words import literal, percent, plain, whole, word
from core import InvalidInput

WIDE = 540
"""Pixels: the titles of two runs differ at their end."""


def pick_other(opened: Opened) -> None:
    """Choose another run to compare the open one with."""
    others = [run for run in owners.shown_runs() if run.folder != opened.run.folder]
    fitting = [run for run in others if comparison.share_pictures(opened.run, run)]
    fitting.sort(key=lambda run: run.facts["identity"] != opened.run.facts["identity"])  # the same pictures first
    titles = {kept_runs.name_of(run): f"{short_title(run)}, {data_title(run)}, {started(run)}" for run in fitting}
    if state.get(MistakesKey.OTHER_RUN) not in titles:
        if wanted := state.take_requested(MistakesKey.OTHER_RUN):
            state.notice(plain("compare.unknown", run=wanted))
        state.put(MistakesKey.OTHER_RUN, "")
    help_ = None if titles else word("compare.nobody")
    with st.popover(word("compare.with"), key="compare", disabled=not titles, help=help_), st.container(width=WIDE):
        st.selectbox(
            word("compare.other"),
            ["", *titles],
            key=MistakesKey.OTHER_RUN,
            format_func=lambda name: titles.get(name, word("compare.none")),
            persist_state="session",
        )


def find_other(opened: Opened) -> Opened | None:
    """The run that the open one is compared with, or None.

    Raises:
        InvalidInput: it no longer exists, or is damaged.
    """
    name = state.get(MistakesKey.OTHER_RUN)
    return runs.open_one(name) if name and name != opened.name else None


def predictions_there(opened: Opened) -> dict[int, str]:
    """The predictions of the compared run for the pictures with other predictions, by number."""
    try:
        other = find_other(opened)
    except InvalidInput:
        return {}  # ``compare`` states it
    return comparison.compare_runs(opened, other).there if other else {}


def show_comparison(opened: Opened) -> None:
    """Draw the comparison with the chosen other run: the accuracy of each, and the predictions that differ."""
    try:
        other = find_other(opened)
    except InvalidInput as error:
        st.warning(literal(error))
        return
    if other is None:
        return
    found = comparison.compare_runs(opened, other)
    with st.container(border=True, key="compared"):
        st.markdown(word("compare.title", other=f"{short_title(other.run)}, {data_title(other.run)}"))
        if not found.both:
            st.markdown(word("compare.nothing"))
            return
        both, changed = whole(found.both), whole(found.changed)
        if found.labeled:
            here, there = (percent(one / found.labeled) for one in (found.right, found.other_right))
            st.markdown(word("compare.shares", both=both, here=here, there=there, changed=changed))
        else:
            st.markdown(word("compare.changed", both=both, changed=changed))
        with st.container(horizontal=True):
            for kind, numbers in found.kinds.items():
                title = word(f"compare.{kind}")

                def choose(title: str = title, numbers: tuple[int, ...] = numbers) -> None:
                    selection.select_all()
                    selection.select(lasso=Group(title, numbers), sort=Sort.CONFIDENT)

                label = word("chip.group", title=title, count=whole(len(numbers)))
                st.button(label, key=f"compare.{kind}", on_click=choose, disabled=not numbers)
