"""Tests: does the prediction depend on what the model attends to? One test at a time."""

from __future__ import annotations

import streamlit as st

from app import state
from app.views.explore.analysis import Analysis
from app.views.explore.keys import ExploreKey
from app.views.explore.tests.address import TESTS
from app.views.explore.tests.checks import show_checks
from app.views.explore.tests.erasing import show_erasing
from app.views.explore.tests.interventions import show_interventions
from app.views.explore.tests.order import show_order
from app.words import means, word

TERMS = {"intervene": "intervention", "erase": "faithfulness", "order": "position-encoding", "check": "sanity-check"}
"""The term of the glossary that each test is an example of."""


def show_tests(analysis: Analysis) -> None:
    """Draw the choice of a test, and the chosen one."""
    st.divider()
    st.subheader(word("test.title"))
    if state.get(ExploreKey.TEST) not in TESTS:
        state.put(ExploreKey.TEST, TESTS[0])
    st.segmented_control(
        word("test.title"),
        TESTS,
        key=ExploreKey.TEST,
        format_func=lambda one: word(f"test.{one}"),
        label_visibility="collapsed",
        required=True,
        persist_state="session",
    )
    draw_test(state.get(ExploreKey.TEST), analysis)


def draw_test(test: str, analysis: Analysis) -> None:
    """Draw one test: its description and its controls."""
    st.caption(word(f"test.{test}.about"), help=means(TERMS[test]))
    shown = {"intervene": show_interventions, "erase": show_erasing, "order": show_order, "check": show_checks}
    shown[test](analysis)
