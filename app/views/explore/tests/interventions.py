"""Intervene: change the attention weights, and see whether the prediction changes."""

from __future__ import annotations

import streamlit as st

from app import state
from app.runtime.explore import interventions
from app.state import Subject
from app.views.explore.analysis import Analysis
from app.views.explore.keys import TRIED, ExploreKey
from app.views.explore.tests import ablations, address, changes, outcome
from app.widgets import lesson
from app.words import literal, word
from core import InvalidInput, Reading


def show_interventions(analysis: Analysis) -> None:
    """Draw the change, what it does to the prediction, and the effect of every part of the attention."""
    subject, reading, target = analysis.subject, analysis.reading, analysis.target
    if not reading.maps:
        st.markdown(word("change.none"))
        return
    change(subject, reading, target)
    ablations.offer(subject, reading, target)  # outside the fragment, in which Stop would react too late


@st.fragment
def change(subject: Subject, reading: Reading, target: int) -> None:
    """Draw the change, its result and the computed effects; a fragment, so that it updates quickly."""
    try:
        plan = changes.pick_changes(subject, reading, ablations.running(subject, target))
        state.publish_part(TRIED, address.settle_address(reading))
        lesson.redraw_when_done()
        if plan.changes:
            after = interventions.intervene(subject.classifier, subject.picture, plan.changes, *plan.names)
            with st.container(key=ExploreKey.OUTCOME):
                outcome.show_outcome(subject, reading, after, target, plan)
    except InvalidInput as error:
        st.error(literal(error))
        return
    ablations.show_ablations(subject, reading, target, plan)
