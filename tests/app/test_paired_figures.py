"""The figures of an intervention: what they draw is what they were given, before next to after."""

from __future__ import annotations

import numpy as np

from app.figures import paired_maps
from app.figures.intervention import DIVERGING, HEAT, see_through


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
