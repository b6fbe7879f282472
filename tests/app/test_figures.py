"""The figures: what they draw is what they were given, in its place."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import pytest

from app.figures import (
    NUMBERED,
    channel_bars,
    confusion_matrix,
    training_curve,
)


@pytest.mark.parametrize("strength", [0.5, 1.0, 3.0])
def test_the_bars_of_a_gate_are_its_weights_in_their_own_order(strength: float) -> None:
    weights = (strength * np.random.default_rng(0).random(37)).astype(np.float32)
    figure = channel_bars(weights, "Stage 4 · channels", "channel")
    (bars,) = figure.data
    assert np.array_equal(np.asarray(bars.y, np.float32), weights) and list(bars.x) == list(range(1, 38))
    (line,) = figure.layout.shapes
    assert line.y0 == line.y1 == pytest.approx(sum(map(float, weights)) / 37)
    low, high = figure.layout.yaxis.range
    assert low == 0 and high >= max(1, weights.max())  # no bar is cut off, and gates of 0..1 share a scale
    assert figure.layout.xaxis.title.text == "Stage 4 · channels" and "channel %{x}" in bars.hovertemplate


@pytest.mark.parametrize(("count", "ticks"), [(1, [1]), (5, [1, 2, 3, 4, 5]), (8, [1, 2, 4, 6, 8]),
                                              (64, [1, 20, 40, 60]), (256, [1, 50, 100, 150, 200, 250])])  # fmt: skip
def test_the_first_channel_has_its_number_under_it(count: int, ticks: list[int]) -> None:
    figure = channel_bars(np.ones(count, np.float32), "Gate 1", "channel")
    assert list(figure.layout.xaxis.tickvals) == ticks and figure.data[0].x[0] == ticks[0]


def test_the_training_curve_has_a_scale_for_each_of_its_lines() -> None:
    history = [{"epoch": n, "loss": 3 / n, "accuracy": n / 10, "size": 96} for n in range(1, 9)]
    figure = training_curve(history, "Loss", "Right", "Epoch")
    loss, accuracy = figure.data
    assert list(loss.x) == list(accuracy.x) == [line["epoch"] for line in history]
    assert list(loss.y) == [line["loss"] for line in history] and loss.yaxis != accuracy.yaxis
    assert list(accuracy.y) == pytest.approx([100 * line["accuracy"] for line in history])
    assert figure.layout.yaxis2.ticksuffix == " %" and figure.layout.xaxis2.title.text == "Epoch"
    assert [one.text for one in figure.layout.annotations] == ["Loss", "Right"]
    low, high = training_curve([{"epoch": 1, "loss": 1, "accuracy": 1.0}], "", "", "").layout.yaxis2.range
    assert low < 100 < high < 101  # all right, and no tick of more than all
    for right in ([1.0], [0.99, 1.0], [0.2, 0.998], [0.915, 0.916], [0.0, 0.001]):
        axis = training_curve([{"epoch": 1, "loss": 1, "accuracy": one} for one in right], "", "", "").layout.yaxis2
        ticks, (low, high) = axis.tickvals, axis.range
        assert 2 <= len(ticks) <= 7 and max(ticks) <= 100 and low <= min(ticks) and max(ticks) <= high
        assert np.allclose(np.diff(ticks), ticks[1] - ticks[0])
    assert figure.layout.xaxis.dtick == 1 and training_curve(history * 4, "", "", "").layout.xaxis.dtick == 4


def cell_of(figure: go.Figure, row: int, column: int) -> tuple[float, float, str]:
    """What a cell of a confusion matrix shows: how strong as right, how strong as wrong, and its sentence."""
    right, wrong = figure.data[:2]
    assert np.array_equal(np.asarray(right.text), np.asarray(wrong.text))
    return float(right.z[row][column]), float(wrong.z[row][column]), right.text[row][column]


def test_each_cell_of_the_confusion_matrix_lies_in_its_row_and_column() -> None:
    counts = [[8, 2, 0], [0, 5, 0], [1, 3, 0]]
    figure = confusion_matrix(counts, ["ash", "elm", "oak"], "is", "said", "{true} as {predicted}: {count}")
    assert cell_of(figure, 0, 0)[0] == pytest.approx(0.8) and np.isnan(cell_of(figure, 0, 0)[1])
    assert cell_of(figure, 0, 1)[1] == pytest.approx(0.2**0.5) and np.isnan(cell_of(figure, 0, 1)[0])
    assert cell_of(figure, 2, 1)[2] == "oak as elm: 3" and cell_of(figure, 0, 1)[2] == "ash as elm: 2"
    assert np.isnan(cell_of(figure, 2, 2)[0]) and np.isnan(cell_of(figure, 1, 0)[1])  # nothing where nobody was
    bottom, top = figure.layout.yaxis.range
    assert bottom > top and figure.layout.xaxis.side == "top"  # rows run down
    assert list(figure.layout.xaxis.ticktext) == list(figure.layout.yaxis.ticktext) == ["ash", "elm", "oak"]
    assert (figure.layout.yaxis.title.text, figure.layout.xaxis.title.text) == ("is", "said")
    numbers = {(y, x): text for one in figure.data[2:] for x, y, text in zip(one.x, one.y, one.text, strict=True)}
    assert numbers == {(r, c): str(n) for r, row in enumerate(counts) for c, n in enumerate(row) if n}


def test_a_large_confusion_matrix_has_fewer_words() -> None:
    names = [str(number) for number in range(5 * NUMBERED)]
    figure = confusion_matrix(np.eye(len(names), dtype=int) * 7, names, "", "", "{true}{predicted}{count}")
    assert len(figure.data) == 2 and len(figure.layout.xaxis.ticktext) <= 30
    assert figure.layout.xaxis.ticktext[1] == names[figure.layout.xaxis.tickvals[1]]


def test_a_class_without_pictures_is_an_empty_row() -> None:
    figure = confusion_matrix([[0, 0], [1, 1]], ["a", "b"], "", "", "{true}{predicted}{count}")
    assert all(np.isnan(cell_of(figure, 0, column)[:2]).all() for column in (0, 1))
