"""Tests: does the prediction depend on what the model attends to? One test at a time."""

from __future__ import annotations

import streamlit as st

from app import state
from app.views.explore.analysis import Analysis
from app.views.explore.keys import ExploreKey
from app.views.explore.tests.address import TRIALS
from app.views.explore.tests.checks import show_checks
from app.views.explore.tests.erasing import show_erasing
from app.views.explore.tests.interventions import show_interventions
from app.words import word


def show_tests(analysis: Analysis) -> None:
    """Draw the choice of a test, and the chosen one."""
    st.divider()
    st.subheader(word("trial.title"))
    if state.get(ExploreKey.TRIAL) not in TRIALS:
        state.put(ExploreKey.TRIAL, TRIALS[0])
    st.segmented_control(
        word("trial.title"),
        TRIALS,
        key=ExploreKey.TRIAL,
        format_func=lambda one: word(f"trial.{one}"),
        label_visibility="collapsed",
        required=True,
        persist_state="session",
    )
    draw_test(state.get(ExploreKey.TRIAL), analysis)


def draw_test(trial: str, analysis: Analysis) -> None:
    """One test: what it is, in a sentence, and the test itself."""
    st.caption(word(f"trial.{trial}.about"))
    shown = {"intervene": show_interventions, "erase": show_erasing, "check": show_checks}
    shown[trial](analysis)
