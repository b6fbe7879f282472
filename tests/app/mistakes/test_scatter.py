"""Confidence against agreement: what is drawn, where each picture's point is, and what a click and a lasso do."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import streamlit as st

from app.figures import WARM, agreement_scatter, drawn
from app.figures.scatter import FAINT, FEW, LIGHT
from app.runtime.mistakes import runs
from app.runtime.mistakes.filters import Answers, Filter, Group
from app.views.mistakes import scatter, selection
from app.views.mistakes.keys import MistakesKey
from app.words import word
from tests.app.mistakes.mistakes_page import RUN, wrong


def test_all_mistakes_and_some_of_the_rest_are_drawn() -> None:
    draw = np.random.default_rng(0)
    correct, known = draw.choice([0.0, 1.0, np.nan], 40_000, p=[0.1, 0.8, 0.1]), draw.random(40_000) < 0.9
    found = drawn(correct, known)
    assert known[found].all() and len(set(found)) == len(found) and (np.diff(found) > 0).all()
    assert (correct[found] == 0).sum() == (known & (correct == 0)).sum() and (correct[found] != 0).sum() == FEW
    assert np.array_equal(found, drawn(correct, known)) and len(drawn(correct[:50], known[:50])) == known[:50].sum()
    text = scatter.legend(correct, found)
    assert f"{(correct[found] == 0).sum():,}" in text and "5,000" in text


@pytest.mark.parametrize("count", [60, LIGHT + 1])
def test_each_point_of_the_scatter_is_its_picture(count: int) -> None:
    draw = np.random.default_rng(1)
    confidence, agreement = draw.random(count).astype(np.float32), draw.uniform(-0.5, 1, count).astype(np.float32)
    correct, numbers = draw.choice([0.0, 1.0, np.nan], count), 1000 + np.arange(count)
    chosen = draw.random(count) < 0.5
    told = np.array([f"point {number}" for number in numbers])
    figure = agreement_scatter(confidence, agreement, correct, numbers, chosen, told, ("x", "y", "by chance"))
    seen = []
    for trace in figure.data:
        for place, number in enumerate(trace.customdata):
            index = int(number) - 1000
            assert trace.x[place] == pytest.approx(100 * confidence[index]) and trace.y[place] == agreement[index]
            assert trace.text[place] == told[index] and (trace.marker.opacity > FAINT) == chosen[index]
            assert (trace.marker.color == WARM) == (correct[index] == 0)
            seen.append(index)
    assert sorted(seen) == list(range(count)) and figure.data[-1].marker.color == WARM  # mistakes lie on top
    strong = [trace.marker.opacity > FAINT for trace in figure.data]
    assert strong == sorted(strong) and set(strong) == {False, True}  # what is chosen lies above the rest
    assert figure.data[0].type == ("scatter" if count <= LIGHT else "scattergl")
    low, high = figure.layout.yaxis.range
    assert list(figure.layout.xaxis.ticktext) == ["0 %", "25 %", "50 %", "75 %", "100 %"]
    assert [(one.text, one.y) for one in figure.layout.annotations] == [("by chance", 0)]
    assert low < agreement.min() and high > agreement.max() and figure.layout.dragmode is False


def test_one_point_opens_its_picture_and_several_that_the_filter_leaves_are_shown(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(st, "session_state", {MistakesKey.RUN: RUN})
    opened, order = runs.open_one(RUN), wrong(home)
    scatter.open_points(opened, (7,))
    assert selection.open_number() == 7 and selection.current() == Filter()
    scatter.open_points(opened, (7, 9))
    assert selection.current() == Filter(lasso=Group(word("scatter.chosen"), (7, 9)))
    scatter.open_points(opened, ())
    assert selection.current().lasso.numbers == (7, 9)
    selection.select(answers=Answers.WRONG)
    scatter.open_points(opened, tuple(range(len(opened.table))))  # the faint points were drawn round as well
    assert selection.current().lasso.numbers == tuple(sorted(order))
    assert len(runs.filtered(opened, selection.current())) == len(order)


def test_the_chart_is_no_higher_than_what_it_shows() -> None:
    one = np.ones(1)
    flat = agreement_scatter(one, 0.2 * one, one, one, one == 1, np.array([""]), ("", "", ""))
    assert flat.layout.yaxis.range[1] == pytest.approx(0.35)
