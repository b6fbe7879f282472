"""Explore while a lesson hides the maps: the picture, on which a point can be marked, and the visible rest."""

from __future__ import annotations

from collections.abc import Collection

import streamlit as st

from app import runtime, state
from app.components.point import point
from app.runtime.painting import painted_jpeg
from app.state import Key, Subject
from app.views.explore import cue_swap, prediction
from app.views.explore.keys import ExploreKey
from app.widgets import lesson
from app.words import means, say, word
from core import InvalidInput

COVERED = {"attention", "attribution"}


def draw_covered(subject: Subject, hidden: Collection[str]) -> None:
    """Draw the page without its maps, and without the prediction if that is hidden too."""
    with st.container(key="question-panel"):
        cue_swap.show_question(subject, answers=False)
    stage, side = st.columns([2.7, 1], gap="large")
    with stage:
        show_picture(subject)
        st.caption(word("lesson.covered"))
    with side:
        if "prediction" in hidden:
            st.subheader(word("answer.title"), help=means("prediction", "probability"))
            st.caption(word("lesson.covered.prediction"))
        else:
            reading = runtime.reading(subject.classifier, subject.picture)
            prediction.pick_target(subject, reading, prediction.wanted(subject, Key.TARGET))
    state.publish_choices((Key.MODEL, Key.SAMPLE, Key.FRAMING))


def show_picture(subject: Subject) -> None:
    """Draw the model's square of the picture; a point can be marked on it if the step requests one."""
    jpeg = painted_jpeg(subject.picture, None)
    if not lesson.point_wanted():
        st.image(jpeg, width=544)
        return

    def marked() -> None:
        try:
            state.put(Key.MARKED, point.read(state.component(ExploreKey.POINT, "marked")))
        except InvalidInput as error:
            state.notice(say(error))

    words = {
        "label": word("point.label"),
        "hint": word("point.hint"),
        "marked": word("point.marked", across="{across}", down="{down}"),
    }
    point.show_picture(jpeg, key=ExploreKey.POINT, words=words, at=state.get(Key.MARKED), on_marked=marked)
