"""The effect of every part of the attention: a button that computes them, and a table, the largest effect first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from app import state
from app.runtime.explore import interventions
from app.state import Subject
from app.titles import class_titles, part_title, tap_titles
from app.views.explore.keys import ExploreKey
from app.views.explore.tests import changes
from app.views.explore.tests.changes import Plan
from app.widgets import job
from app.words import chance, decimal_format, means, percent_format, plain, together, word
from core import Ablation, Reading
from core.evaluation import WHOLE_TAP

if TYPE_CHECKING:
    import pandas as pd

SHOWN = 8
"""Lines of the table; the rest is reached by scrolling."""
LINE = 35  # pixels
MARK = "background-color: rgba(217, 96, 59, 0.2)"


def running(subject: Subject, target: int) -> bool:
    """Whether the user has started it, and it is not finished."""
    return job.is_running(interventions.ablation_key(subject.classifier, subject.picture, target))


def offer(subject: Subject, reading: Reading, target: int) -> None:
    """Draw the button that switches off each part in turn, with the estimated time if it is long."""
    model, picture = subject.classifier, subject.picture
    if interventions.find_ablations(model, picture, target) is not None:
        return
    job.job(
        interventions.ablation_key(model, picture, target),
        lambda tick: interventions.ablations(model, picture, target, owner=state.session_id(), tick=tick),
        name="ablations",
        seconds=interventions.ablation_seconds(model, reading),
        label=word("ablate.start"),
        first=word("ablate.running"),
        say=lambda done, total: word("ablate.progress", done=done, total=total),
        icon=":material/checklist:",
        type="secondary",
    )


def ablation_title(one: Ablation) -> str:
    """Which part it is, counted from 1."""
    if one.part == WHOLE_TAP:
        return word("ablate.whole")
    first, last = one.numbers[0] + 1, one.numbers[-1] + 1
    return word("ablate.channels", first=first, last=last) if last > first else part_title(one.part, one.numbers[0])


def lines(found: Sequence[Ablation], titles: dict[str, str], names: Sequence[str]) -> pd.DataFrame:
    """The table: the effect of each part."""
    import pandas as pd

    return pd.DataFrame(
        {
            "attention": [titles[one.tap] for one in found],
            "part": [ablation_title(one) for one in found],
            "loss": [one.loss for one in found],
            "left": [100 * one.probability for one in found],
            "answer": [
                plain("ablate.becomes" if one.changed else "ablate.stays", name=names[one.predicted]) for one in found
            ],
        }
    )


def is_planned(one: Ablation, plan: Plan) -> bool:
    """Whether the plan is to switch that part off."""
    way, detail = (changes.OFF, None) if one.part == WHOLE_TAP else (one.part, one.numbers)
    return plan.names == ((one.tap,), way, detail)


def click(found: Sequence[Ablation]) -> None:
    """Switch off the part whose line was just clicked."""
    line = state.clicked_line(ExploreKey.ABLATIONS)
    if line is not None:
        one = found[line]
        changes.choose_change(one.tap, changes.OFF if one.part == WHOLE_TAP else one.part, one.numbers)


def show_ablations(subject: Subject, reading: Reading, target: int, plan: Plan) -> None:
    """Draw the table where it is known; a click on a line switches that part off above."""
    found = interventions.find_ablations(subject.classifier, subject.picture, target)
    if not found:
        return
    names, count = class_titles(subject.classifier.card.classes), sum(one.changed for one in found)
    st.markdown(f"**{word('ablate.title')}**")
    if count:
        st.markdown(word("ablate.some", count=len(found), changed=count))
    else:
        st.markdown(word("ablate.none", count=len(found)))
    planned = [line for line, one in enumerate(found) if is_planned(one, plan)]
    state.put(ExploreKey.ABLATIONS, {"selection": {"rows": planned, "columns": [], "cells": []}})
    table = lines(found, tap_titles(reading.maps), names)
    number, text = st.column_config.NumberColumn, st.column_config.TextColumn
    before = chance(float(reading.probabilities[target]))
    st.dataframe(
        table.style.apply(lambda line: [MARK * found[line.name].changed] * len(line), axis=1),
        key=ExploreKey.ABLATIONS,
        on_select=lambda: click(found),
        selection_mode=["single-row", "single-cell"],  # a click anywhere in a line chooses it
        hide_index=True,
        height=LINE * (min(SHOWN, len(found)) + 1) + 3,
        row_height=LINE,
        alt=word("ablate.name"),
        column_config={
            "attention": text(word("ablate.attention")),
            "part": text(word("ablate.part"), help=means("head")),
            "loss": number(
                word("ablate.loss"),
                help=together(word("ablate.loss.help", name=names[target]), means("score")),
                format=decimal_format(2),
            ),
            "left": number(
                word("ablate.left"),
                help=together(means("probability"), word("ablate.left.help", name=names[target], before=before)),
                format=percent_format(),
            ),
            "answer": text(word("ablate.answer"), help=means("prediction")),
        },
    )
