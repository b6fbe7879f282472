"""Confidence against agreement, a point for each picture; a click or a lasso shows those pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import streamlit as st

from app import figures, state
from app.runtime.mistakes import maps, runs
from app.runtime.mistakes.filters import Group
from app.runtime.mistakes.runs import Opened
from app.titles import class_titles
from app.views.mistakes import groups, selection
from app.views.mistakes.keys import MistakesKey
from app.words import means, percent, plain, together, whole, word

POINT, LASSO = "point", "lasso"


def show_scatter(opened: Opened) -> None:
    """Draw the chart; pictures that the filter excludes are faint."""
    with st.container(border=True, key="scatter"):
        st.markdown(f"**{word('scatter.title')}**", help=means("confidence", "agreement"))
        if not maps.compares(opened):
            st.caption(groups.even(opened) or word("scatter.none"))
            return
        # Streamlit reports either clicks or lassos.
        mode = st.segmented_control(
            word("scatter.mode"),
            [POINT, LASSO],
            key=f"{MistakesKey.SCATTER}.mode",
            default=POINT,
            format_func=lambda one: word("scatter.point" if one == POINT else "scatter.lasso"),
            label_visibility="collapsed",
            required=True,
            persist_state="session",
        )
        draw_scatter(opened, mode == LASSO)


def draw_scatter(opened: Opened, lassoing: bool) -> None:
    """The chart, and what it shows of the run."""
    table, chosen = opened.table, np.zeros(len(opened.table), bool)
    agreement, right = table["agreement"].to_numpy(np.float32), runs.correctness(table)
    shown = figures.drawn(right, np.isfinite(agreement))
    chosen[runs.filtered(opened, selection.current())] = True
    key = f"{MistakesKey.SCATTER}.{opened.name}"

    rows = table[["number", "true", "predicted", "confidence"]].iloc[shown]
    st.plotly_chart(
        figures.agreement_scatter(
            rows["confidence"].to_numpy(np.float32),
            agreement[shown],
            right[shown],
            rows["number"].to_numpy(),
            chosen[shown],
            point_texts(rows, opened.classes),
            (word("scatter.confidence"), word("scatter.agreement"), word("scatter.chance")),
            lassoing,
        ),
        key=key,
        on_select=lambda: open_points(opened, state.clicked_points(key)),
        selection_mode=("points", "lasso"),
        config={"displayModeBar": False},
        alt=word("scatter.title"),
    )
    st.caption(together(legend(right, shown), word("scatter.hint.lasso" if lassoing else "scatter.hint.point")))


def open_points(opened: Opened, numbers: tuple[int, ...]) -> None:
    """Open the picture of one point, to which the gallery turns; show the pictures of several that the filter leaves.

    An earlier lasso is replaced; all other filters stay.
    """
    if opened.name != selection.run_name():
        return  # an echo of the chart of a run that has been closed
    if len(numbers) > 1:
        left = runs.filtered(opened, replace(selection.current(), lasso=None))
        numbers = tuple(np.intersect1d(opened.table["number"].to_numpy()[left], numbers).tolist())
    if len(numbers) == 1:
        selection.open_picture(numbers[0])
    elif numbers:
        selection.select(lasso=Group(word("scatter.chosen"), numbers))


def point_texts(rows: pd.DataFrame, classes: Sequence[str]) -> np.ndarray:
    """The tooltip of each point (n,); equal ones are formatted once."""
    shares = np.round(100 * rows["confidence"].to_numpy(np.float64)).astype(int)
    kinds = list(zip(rows["true"].astype(object), rows["predicted"].astype(object), shares.tolist(), strict=True))

    def describe(true: object, stated: str, share: int) -> str:
        confidence, predicted = percent(share / 100, 0), titles[stated]
        if not isinstance(true, str) or true == stated:
            return plain("scatter.right", predicted=predicted, confidence=confidence)
        return plain("scatter.wrong", true=titles[true], predicted=predicted, confidence=confidence)

    titles = dict(zip(classes, class_titles(classes), strict=True))
    words = {kind: describe(*kind) for kind in set(kinds)}
    return np.array([words[kind] for kind in kinds], str)


def legend(right: np.ndarray, shown: np.ndarray) -> str:
    """What the chart shows, and what it leaves out."""
    wrong, others = int((right[shown] == 0).sum()), int((right[shown] != 0).sum())
    every = int((right != 0).sum())
    some = word("scatter.some", shown=whole(others), every=whole(every)) if others < every else ""
    mistakes = word("scatter.legend", wrong=whole(wrong)) if np.isfinite(right).any() else ""
    sentence = [mistakes, some, word("scatter.line"), word("scatter.corner")]
    return together(*sentence)
