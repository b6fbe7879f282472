"""The figures: every row of the answer can be clicked, in its order and colour; the bars of a gate are its weights."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import pytest

from app.figures import ACCENT, QUIET, answer_bars, channel_bars

NAMES = ["church", "tench", "parachute", "golf ball", "gas pump"]
PROBABILITIES = np.array([0.9, 0.06, 0.0344, 0.0056, 0.0], np.float32)


def parts(figure: go.Figure) -> tuple[go.Bar, go.Bar, go.Scatter]:
    """The track, the bars and the invisible markers that take the clicks."""
    track, bars, clicks = figure.data
    return track, bars, clicks


@pytest.mark.parametrize("target", range(-1, 5))
def test_each_row_of_the_answer_can_be_clicked_whatever_its_bar(target: int) -> None:
    track, bars, clicks = parts(answer_bars(NAMES, PROBABILITIES, target))
    assert list(clicks.customdata) == [0, 1, 2, 3, 4]  # the n-th marker is the n-th row: what a click tells
    assert len(clicks.x) == len(clicks.y) == 5 and clicks.mode == "markers"
    assert track.hoverinfo == bars.hoverinfo == "skip" != clicks.hoverinfo  # only the markers answer: skip skips clicks
    assert clicks.marker.size >= 44  # pixels, the least that a thumb needs; the rows are 46 apart
    assert all(abs(at - row) < 0.5 for row, at in enumerate(clicks.y))


def test_the_figure_asks_for_clicks_and_not_for_dragging() -> None:
    layout = answer_bars(NAMES, PROBABILITIES, 0).layout
    assert "select" in layout.clickmode and layout.dragmode is False
    assert layout.xaxis.fixedrange and layout.yaxis.fixedrange


def test_the_likeliest_is_on_top_and_bars_are_as_long_as_they_are_likely() -> None:
    figure = answer_bars(NAMES, PROBABILITIES, 0)
    track, bars, _ = parts(figure)
    bottom, top = figure.layout.yaxis.range
    assert bottom > 4 and top < 0 and list(bars.y) == [0, 1, 2, 3, 4]  # rows run down
    assert np.array_equal(np.asarray(bars.x, np.float32), PROBABILITIES)
    assert list(track.x) == [1] * 5 and tuple(figure.layout.xaxis.range) == (0, 1)
    written = [one.text for one in figure.layout.annotations]
    assert written[::2] == ["<b>church</b>", *NAMES[1:]]
    assert written[1::2] == ["<b>90 %</b>", "6 %", "3 %", "1 %", "< 1 %"]


@pytest.mark.parametrize("target", range(-1, 5))
def test_only_the_target_has_the_colour_of_the_target(target: int) -> None:
    figure = answer_bars(NAMES, PROBABILITIES, target)
    colours = list(parts(figure)[1].marker.color)
    assert colours == [ACCENT if row == target else QUIET for row in range(5)] and ACCENT != QUIET
    bold = {index // 2 for index, one in enumerate(figure.layout.annotations) if one.text.startswith("<b>")}
    assert bold == ({target} if target >= 0 else set())


def test_a_model_of_two_classes_has_two_rows() -> None:
    figure = answer_bars(["yes", "no"], np.array([0.7, 0.3]), 1)
    assert list(parts(figure)[2].customdata) == [0, 1]
    assert figure.layout.height < answer_bars(NAMES, PROBABILITIES, 1).layout.height


@pytest.mark.parametrize("strength", [0.5, 1.0, 3.0])
def test_the_bars_of_a_gate_are_its_weights_in_their_own_order(strength: float) -> None:
    weights = (strength * np.random.default_rng(0).random(37)).astype(np.float32)
    figure = channel_bars(weights, "Stage 4 · channels", "channel")
    (bars,) = figure.data
    assert np.array_equal(np.asarray(bars.y, np.float32), weights) and list(bars.x) == list(range(37))
    (line,) = figure.layout.shapes
    assert line.y0 == line.y1 == pytest.approx(sum(map(float, weights)) / 37)
    low, high = figure.layout.yaxis.range
    assert low == 0 and high >= max(1, weights.max())  # no bar is cut off, and gates of 0..1 share a scale
    assert figure.layout.xaxis.title.text == "Stage 4 · channels" and "channel %{x}" in bars.hovertemplate
