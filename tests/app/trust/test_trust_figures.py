"""What Trust draws: rankings that hold what they were given, and pixels of maps over pictures."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from app.figures import ACCENT, QUIET, WARM, Line, courses, heat, lay, ranking
from app.figures.trust import SIDE

LINES = [
    Line("A name of more than twenty letters", 0.7, 0.6, 0.9, "70 %", "told a"),
    Line("Edges", 0.4, 0.2, 0.5, "40 %", "told b", reference=True),
    Line("Careless", 0.1, 0.05, 0.2, "10 %", "told c", warned=True),
]
GRAY = np.full((16, 16, 3), 90, np.uint8)
NOWHERE, LEFT = np.zeros((16, 16), bool), np.arange(16)[None].repeat(16, 0) < 8


def test_a_ranking_holds_each_line_in_its_place() -> None:
    figure = ranking(LINES, 0.25, (-0.2, 1.0), share=True, chosen=1)
    dots, whole = figure.data
    assert list(dots.x) == [0.7, 0.4, 0.1] and list(dots.y) == list(whole.y) == list(figure.layout.yaxis.tickvals)
    bottom, top = figure.layout.yaxis.range
    assert bottom > max(dots.y) and top == 0 and list(dots.y) == sorted(dots.y)  # the first line on top
    assert list(dots.marker.color) == [ACCENT, QUIET, WARM]
    assert ["open" in one for one in dots.marker.symbol] == [False, True, False]
    ends = [(one.x0, one.x1) for one in figure.layout.shapes if one.layer is None]
    assert ends == [(0.6, 0.9), (0.2, 0.5), (0.05, 0.2)]
    assert [one.text for one in figure.layout.annotations] == ["70 %", "<b>40 %</b>", "10 %"]
    assert figure.layout.yaxis.ticktext[1] == "<b>Edges</b>" and "<br>" in figure.layout.yaxis.ticktext[0]
    (guess,) = [one for one in figure.layout.shapes if one.line.dash]
    assert guess.x0 == guess.x1 == 0.25
    assert figure.layout.xaxis.tickformat == ".0%"


def test_a_line_is_as_high_as_its_name_and_touches_the_next() -> None:
    lines = [*LINES, replace(LINES[1], note="8 pictures"), replace(LINES[0], name="N" * 20, note="8 pictures")]
    figure = ranking(lines, 0.25, (0, 1))
    names, (_, whole) = figure.layout.yaxis.ticktext, figure.data
    assert [one.count("<br>") for one in names] == [1, 0, 0, 0, 1]
    assert ["8 pictures" in one for one in names] == [False, False, False, True, True]
    ends = [(y - width / 2, y + width / 2) for y, width in zip(whole.y, whole.width, strict=True)]
    assert [low for low, _ in ends] == [0, *(high for _, high in ends[:-1])]  # no gap that cannot be clicked
    assert ends[-1][1] == figure.layout.yaxis.range[0] < figure.layout.height
    one, two = (whole.width[place] for place in (1, 0))
    assert two - one >= 16  # pixels, as the axis is as long as the chart is high


def test_a_blank_line_has_no_place_on_the_axis() -> None:
    blank = replace(LINES[1], mean=None, low=None, high=None, value="blank")
    figure = ranking([LINES[0], blank], None, (0, 1))
    assert list(figure.data[0].x) == [0.7, None] and figure.layout.annotations[1].text == "blank"
    assert [(one.x0, one.x1) for one in figure.layout.shapes if one.layer is None] == [(0.6, 0.9)]


def test_each_line_can_be_pointed_at_and_clicked_anywhere() -> None:
    figure = ranking(LINES, None, (-0.2, 1.0))
    dots, whole = figure.data
    assert dots.hoverinfo == "skip" and list(whole.hovertext) == ["told a", "told b", "told c"]
    assert whole.base == -0.2 and list(whole.x) == [1.2] * 3
    assert "select" in figure.layout.clickmode and figure.layout.xaxis.fixedrange
    assert not [one for one in figure.layout.shapes if one.line.dash]


def test_courses_have_the_chosen_one_on_top_and_gaps_where_there_is_no_value() -> None:
    figure = courses({"A": [1, 0.4, None], "B": [1, 0.2, 0.1], "C": [1, 1, 1]}, ["start", "top", "all"], 0.5, "A")
    assert [one.name for one in figure.data] == ["B", "C", "A"]
    assert [one.line.color for one in figure.data] == [QUIET, QUIET, ACCENT]
    assert list(figure.data[-1].y) == [1, 0.4, None] and not figure.data[-1].connectgaps
    assert list(figure.layout.xaxis.ticktext) == ["start", "top", "all"]
    (limit,) = figure.layout.shapes
    assert limit.y0 == limit.y1 == 0.5


def test_heat_goes_by_strength_whatever_the_sign() -> None:
    values = np.array([[0.0, -2.0], [1.0, 2.0]])
    drawn = heat(values)
    side = len(drawn) // 2
    assert drawn.shape == (2 * side, 2 * side, 3) and drawn.dtype == np.uint8 and side >= 64
    cells = drawn[::side, ::side].astype(int)
    assert np.array_equal(cells[0, 1], cells[1, 1])
    assert cells[0, 0].sum() < cells[1, 0].sum() < cells[1, 1].sum()
    assert np.array_equal(heat(values), heat(7 * values))
    assert (heat(np.zeros((4, 4))) == cells[0, 0]).all()


def test_only_what_supports_the_class_is_laid_over_the_picture() -> None:
    for blank in (np.zeros((4, 4)), -np.ones((4, 4))):
        assert (lay(GRAY, blank, NOWHERE) == 90).all()
    values = np.full((8, 8), -1.0)
    values[1, 6] = 3.0
    drawn = lay(GRAY, values, NOWHERE)
    assert drawn.shape == (SIDE, SIDE, 3)
    touched = (drawn != 90).any(2)
    rows, columns = np.nonzero(touched)
    cell = SIDE / 8  # smoothed, a cell reaches half a cell into its neighbors
    assert 0.5 * cell <= rows.min() and rows.max() < 2.5 * cell
    assert 5.5 * cell <= columns.min() and columns.max() < 7.5 * cell


def test_the_mask_is_outlined_where_it_ends() -> None:
    drawn = lay(GRAY, np.zeros((4, 4)), LEFT)
    white = (drawn == 255).all(2)
    assert white[SIDE // 2, SIDE // 2 - 1] and not white[SIDE // 2, SIDE // 2 + 1]
    assert white[SIDE // 2, 0] and not white[SIDE // 2, SIDE // 4] and not white[:, SIDE // 2 :].any()


def test_the_peak_has_a_ring_and_a_flat_map_none() -> None:
    values = np.ones((8, 8))
    flat = lay(GRAY, values, NOWHERE)
    assert (flat == flat[0, 0]).all()
    values[2, 5] = 1.5
    drawn = lay(GRAY, values, NOWHERE)
    y, x = int(2.5 / 8 * SIDE), int(5.5 / 8 * SIDE)
    assert (drawn[y, x - 12] == 255).all() and (drawn[y + 12, x] == 255).all() and not (drawn[y, x] == 255).all()
