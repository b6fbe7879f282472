"""The figures of an intervention: what they draw is what they were given, before next to after."""

from __future__ import annotations

import numpy as np

from app.figures import paired_bars, paired_maps
from app.figures.intervention import DIVERGING, HEAT, see_through
from app.words import chance
from app.words.numbers import keep_units


def test_paired_bars_draw_both_answers_class_by_class() -> None:
    before, after = np.array([0.7, 0.2, 0.001], np.float32), np.array([0.1, 0.3, 0.6], np.float32)
    figure = paired_bars(["ash", "elm", "oak"], before, after, 0, ("before", "after"))
    track, gray, _, color = figure.data
    assert np.array_equal(gray.x, before) and np.array_equal(color.x, after) and list(track.x) == [1, 1, 1]
    assert (np.array(gray.y) < np.array(color.y)).all() and gray.marker.color != color.marker.color
    texts = [one.text for one in figure.layout.annotations]
    assert texts[:6] == list(
        map(keep_units, ["<b>ash</b>", "<b>70 % → 10 %</b>", "elm", "20 % → 30 %", "oak", "< 1 % → 60 %"])
    )
    assert "before" in texts[6] and "after" in texts[6]
    assert [chance(one) for one in (0.914, 0.0049, 0.0051, 1.0)] == list(
        map(keep_units, ["91 %", "< 1 %", "1 %", "100 %"])
    )


def test_paired_maps_share_one_scale_from_zero() -> None:
    before, after = np.array([[0.1, 0.2, 0.3]], np.float32), np.array([[0.0, 0.6, 0.0]], np.float32)
    figure = paired_maps(b"jpeg", before, after, ("one", "two"), ("a", "b"), "row {row}, column {column}: {value}")
    for drawn, values in zip(figure.data, (before, after), strict=True):
        assert np.array_equal(drawn.z, values) and (drawn.zmin, drawn.zmax) == (0, np.float32(0.6))
        assert list(drawn.x) == [1, 2, 3] and drawn.hovertemplate.startswith("row %{y}, column %{x}")
    assert len(figure.layout.images) == 2 and tuple(figure.layout.yaxis.range) == (1.5, 0.5)  # the first row on top
    blank = paired_maps(b"jpeg", 0 * before, 0 * after, ("", ""), ("", ""), "")
    assert blank.data[0].zmax == 1


def test_signed_maps_share_one_scale_around_zero() -> None:
    before, after = np.array([[0.1, -0.7, 0.3]], np.float32), np.array([[0.0, 0.6, -0.2]], np.float32)
    figure = paired_maps(b"jpeg", before, after, ("one", "two"), ("a", "b"), "{value}", signed=True)
    assert {(drawn.zmin, drawn.zmax) for drawn in figure.data} == {(-np.float32(0.7), np.float32(0.7))}
    places, colors = zip(*see_through(DIVERGING, signed=True), strict=True)
    alpha = dict(zip(places, (float(one.split(",")[3].strip(" )")) for one in colors), strict=True))
    assert alpha[0] == alpha[1] == 0.85 and alpha[0.5] == 0


def test_a_map_lets_the_picture_through_where_it_is_low() -> None:
    places, colors = zip(*see_through(HEAT), strict=True)
    alpha = [float(one.split(",")[3].strip(" )")) for one in colors]
    assert places[0] == 0 and places[-1] == 1 and alpha[0] == 0 and alpha[-1] == 0.85
    assert np.allclose(alpha, [0.85 * at**0.7 for at in places], atol=1e-3)
    assert colors[-1].startswith("rgba(252, 255, 164")  # the end of inferno
