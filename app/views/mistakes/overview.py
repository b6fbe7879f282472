"""The overview of a run: its head, a confusion matrix to click, the recall of each class, and calibration."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

import numpy as np
import streamlit as st

from app import figures, state
from app.runtime.mistakes import maps, runs
from app.runtime.mistakes.filters import Answers
from app.runtime.mistakes.runs import Opened
from app.titles import class_title, class_titles
from app.views.mistakes import selection
from app.views.mistakes.keys import MistakesKey
from app.words import decimal, means, percent, percent_format, plain, span, whole, word

MATRIX, CLASSES, CALIBRATION = "matrix", "classes", "calibration"
LARGEST = 30
"""The most classes for a matrix that can be clicked; with more, the most common mistakes are listed."""
LISTED = 12
"""Lines of a table; the rest is reached by scrolling."""
LINE = 35  # pixels
CHART = {"displayModeBar": False}


def overview_text(opened: Opened) -> str:
    """The accuracy with its interval and the number of mistakes, in one line."""
    if not len(opened.table):
        return word("overview.unanswered" if len(runs.unanswered(opened)) else "overview.nothing")
    found = runs.summary(opened).accuracy
    if not found.pictures:
        return word("overview.unlabeled")
    share, low, high = (percent(one) for one in (found.value, found.low, found.high))
    wrong = round(found.pictures * (1 - found.value))
    mistakes = word("overview.mistakes", count=whole(wrong))
    parts = [word("overview.accuracy", share=share, low=low, high=high), so_far(opened), mistakes]
    without = len(opened.table) - found.pictures
    if without:
        parts.append(word("overview.without", count=whole(without)))
    if maps.compares(opened):
        parts.append(word("overview.agreement", mean=decimal(opened.table["agreement"].mean())))
    return " · ".join(filter(None, parts))


def so_far(opened: Opened) -> str:
    """What the accuracy of an unfinished run covers; empty for a finished run."""
    if opened.run.finished:
        return ""
    known = {index for index in opened.run.facts["labels"].values() if index is not None}
    seen = opened.table["true"].nunique()
    if seen == len(known):
        return word("overview.so_far")
    return word("overview.seen", seen=seen, classes=len(known))


def show_overview(opened: Opened) -> None:
    """Draw one of the three views of the run."""
    if not runs.labeled(opened):
        return
    if state.get(MistakesKey.SUMMARY) not in (MATRIX, CLASSES, CALIBRATION):
        state.put(MistakesKey.SUMMARY, MATRIX)
    with st.container(border=True, key="overview"):
        kind = st.segmented_control(
            word("overview.which"),
            [MATRIX, CLASSES, CALIBRATION],
            key=MistakesKey.SUMMARY,
            format_func=lambda one: word(f"overview.{one}"),
            label_visibility="collapsed",
            required=True,
            width="stretch",
            persist_state="session",
        )
        {MATRIX: show_matrix, CLASSES: show_classes, CALIBRATION: show_calibration}[kind](opened)


def show_matrix(opened: Opened) -> None:
    """The confusion matrix of the classes that occur; a click on a cell shows its pictures."""
    counts, chosen = runs.summary(opened).confusion, selection.current()
    there = np.flatnonzero(counts.any(0) | counts.any(1))
    if len(there) > LARGEST:
        show_commonest(opened)
        return
    names, titles = [opened.classes[index] for index in there], class_titles(opened.classes)
    row, column = (names.index(name) if name in names else None for name in (chosen.true, chosen.predicted))
    name = f"matrix.{opened.name}.{len(opened.table)}"
    key = state.fresh_key(name)

    def click() -> None:
        cell = state.clicked_row(name, key)
        if cell is not None:
            true, predicted = (names[index] for index in divmod(cell, len(names)))
            choose_cell(true, predicted)

    sentence = plain("card.taken", true="{true}", predicted="{predicted}", count="{count}")
    st.plotly_chart(
        figures.confusion_cells(
            counts[np.ix_(there, there)], [titles[index] for index in there], sentence, row, column
        ),
        key=key,
        on_select=click,
        selection_mode="points",
        config=CHART,
        alt=word("overview.matrix.alt"),
    )
    st.caption(word("overview.matrix.help"), help=means("confusion-matrix"))


def choose_cell(true: str, predicted: str) -> None:
    """Show the pictures of a class that were predicted as another; a cell that is shown already is deselected."""
    chosen = selection.current()
    if (chosen.true, chosen.predicted) == (true, predicted):
        true = predicted = ""
    selection.select(true=true, predicted=predicted, answers=Answers.ALL)


def show_commonest(opened: Opened) -> None:
    """Draw the most common mistakes, if a matrix would be too large; a click on a row shows its pictures."""
    counts, titles = runs.summary(opened).confusion.copy(), class_titles(opened.classes)
    np.fill_diagonal(counts, 0)
    order = np.argsort(-counts, axis=None, kind="stable")[: 10 * LISTED]
    pairs = [divmod(int(index), len(counts)) for index in order if counts.flat[index]]
    lines = [
        {"true": titles[row], "predicted": titles[column], "count": int(counts[row, column])} for row, column in pairs
    ]

    st.caption(word("overview.commonest.help"))  # above: the table's own tools would cover the choice of the view

    clickable_table(
        lines,
        MistakesKey.COMMONEST,
        lambda line: choose_cell(*(opened.classes[index] for index in pairs[line])),
        word("overview.commonest.help"),
        {
            "true": st.column_config.TextColumn(word("card.true")),
            "predicted": st.column_config.TextColumn(word("card.predicted")),
            "count": st.column_config.NumberColumn(word("table.pictures"), width="small"),
        },
    )


def clickable_table(lines: list[dict], key: StrEnum, choose: Callable[[int], None], alt: str, columns: dict) -> None:
    """Lines of which some are in sight; a click on one gives its number to ``choose``."""

    def click() -> None:
        line = state.clicked_line(key)
        if line is not None:
            choose(line)

    st.dataframe(
        lines,
        key=key,
        on_select=click,
        selection_mode="single-cell",
        hide_index=True,
        height=LINE * (min(LISTED, len(lines)) + 1) + 3,
        row_height=LINE,
        placeholder="",
        alt=alt,
        column_config=columns,
    )


def show_classes(opened: Opened) -> None:
    """Draw the recall of each class that occurs; a click on a row shows its pictures."""
    found = runs.summary(opened).by_class
    rows = found[(found["pictures"] > 0) | (found["predicted"] > 0)].sort_values("accuracy", kind="stable")
    lines = [
        {
            "class": class_title(one["class"], opened.classes),
            "right": None if np.isnan(one["accuracy"]) else 100 * one["accuracy"],
            "interval": "" if not one["pictures"] else span(one["low"], one["high"]),
            "precision": None if np.isnan(one["precision"]) else 100 * one["precision"],
            "pictures": one["pictures"],
        }
        for one in rows.to_dict("records")
    ]

    st.caption(word("overview.classes.help"))  # above: the table's own tools would cover the choice of the view

    clickable_table(
        lines,
        MistakesKey.CLASSES,
        lambda line: selection.select(true=rows["class"].iloc[line], predicted=""),
        word("overview.classes"),
        {
            "class": st.column_config.TextColumn(word("overview.class"), width=88),
            "right": st.column_config.NumberColumn(
                word("overview.right"), format=percent_format(), help=means("recall"), width=52
            ),
            "interval": st.column_config.TextColumn(word("overview.interval"), help=means("interval"), width=60),
            "precision": st.column_config.NumberColumn(
                word("overview.precision"), format=percent_format(), help=means("precision"), width=68
            ),
            "pictures": st.column_config.NumberColumn(word("table.pictures"), format="localized", width=58),
        },
    )


def show_calibration(opened: Opened) -> None:
    """Draw the accuracy of the predictions at each confidence; a click on a bar shows its pictures."""
    found = runs.summary(opened).calibration
    bins, name = found.bins, f"calibration.{opened.name}"
    key = state.fresh_key(name)

    def click() -> None:
        place = state.clicked_row(name, key)
        if place is not None:
            selection.select(confidence=(round(bins[place].low, 4), round(bins[place].high, 4)))

    sentence = plain("overview.bin", low="{low}", high="{high}", share="{share}", count="{count}")
    st.plotly_chart(
        figures.reliability(
            np.array([bins[0].low, *(one.high for one in bins)]),
            np.array([one.accuracy for one in bins]),
            np.array([one.pictures for one in bins]),
            word("overview.confidence"),
            word("overview.share"),
            sentence,
        ),
        key=key,
        on_select=click,
        selection_mode="points",
        config=CHART,
        alt=word("overview.calibration.alt"),
    )
    totals = sum(one.confidence * one.pictures for one in bins if one.pictures), sum(one.pictures for one in bins)
    mean, right = totals[0] / totals[1], runs.summary(opened).accuracy.value
    verdict = "overview.sure.over" if mean > right else "overview.sure.under"
    st.markdown(word(verdict, mean=percent(mean), right=percent(right)), help=means("calibration", "overconfident"))
    st.caption(
        word("overview.ece", error=percent(found.error), bins=len(bins)), help=means("calibration-error", "confidence")
    )
