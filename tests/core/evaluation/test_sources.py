"""Maps by the name of where they come from; and the references, against scipy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import sobel

import core
from core.attribution import method
from core.evaluation import sources
from core.evaluation.agreement import to_values
from core.evaluation.randomization import reinitialize
from core.evaluation.sources import REFERENCES, map_source, source_names
from core.images import square
from core.types import InvalidInput, Picture
from tests.conftest import SIZE


def test_names_make_the_maps_that_they_name(classifier: core.Classifier, picture: Picture) -> None:
    every, reading = source_names(classifier), core.read(classifier, picture)
    maps = {f"attention/{one.tap}": one for one in reading.maps if one.kind != "channel"}
    assert len(set(every)) == len(every) and set(every) >= {*maps, *REFERENCES, "saliency", "grad-cam"}
    assert "attention" not in every  # it is one of the maps, which stand by their taps
    for name, one in maps.items():
        assert np.array_equal(map_source(classifier, name)(classifier, picture, 3, None), core.to_grid(one))
    made = map_source(classifier, "saliency")(classifier, picture, 3, None)
    np.testing.assert_allclose(made, core.attribute(classifier, picture, "saliency", 3).values, rtol=1e-5)


def test_parameters_are_the_methods_own(tiny: Callable, picture: Picture) -> None:
    classifier = tiny("plain")
    made = map_source(classifier, "grad-cam", stage="stage2")(classifier, picture, 1, None)
    assert np.array_equal(made, core.attribute(classifier, picture, "grad-cam", 1, stage="stage2").values)
    rolled = map_source(tiny("transformer"), "attention/rollout")(tiny("transformer"), picture, 0, None)
    assert np.array_equal(rolled, core.to_grid(core.rollout_map(core.read(tiny("transformer"), picture).maps)))


def test_what_fits_the_trained_weights_is_measured_with_others_too(
    tiny: Callable, picture: Picture, monkeypatch: pytest.MonkeyPatch
) -> None:
    classifier = tiny("plain")
    picky = replace(method("saliency"), fits=lambda one: one is classifier)
    monkeypatch.setattr(sources, "method", lambda slug: picky)
    other = reinitialize(classifier)
    made = map_source(classifier, "picky")(other, picture, 3, None)
    np.testing.assert_allclose(made, core.attribute(other, picture, "saliency", 3).values, rtol=1e-5)
    with pytest.raises(InvalidInput, match="does not work with"):
        map_source(other, "picky")


def test_edges_are_sobels_gradient_of_the_gray(tiny: Callable, picture: Picture) -> None:
    gray = square(picture, SIZE, tiny("plain").fill) @ np.array([0.299, 0.587, 0.114])
    expected = np.hypot(sobel(gray, 0, mode="nearest"), sobel(gray, 1, mode="nearest"))
    np.testing.assert_allclose(REFERENCES["edges"](tiny("plain"), picture, 0, None), expected, atol=1e-8)


def test_noise_is_the_pictures_own_and_the_blob_is_in_the_middle(tiny: Callable, picture: Picture) -> None:
    other = core.open_image(picture.pixels[::-1].copy())
    one, again, two = (REFERENCES["random"](tiny("plain"), each, 0, None) for each in (picture, picture, other))
    assert np.array_equal(one, again) and not np.array_equal(one, two) and one.shape == (SIZE, SIZE)
    blob = REFERENCES["blob"](tiny("plain"), picture, 0, None)
    assert np.array_equal(blob, blob[::-1]) and np.array_equal(blob, blob.T) and blob.max() == blob[32, 32]


def test_mistakes(tiny: Callable, picture: Picture) -> None:
    for words, call in (
        ("There is no method 'salience'", lambda: map_source(tiny("plain"), "salience")),
        ("Give the name of a method", lambda: map_source(tiny("plain"), ["saliency"])),
        (
            "has no attention map 'stage9'. It has: none",
            lambda: map_source(tiny("plain"), "attention/stage9")(tiny("plain"), picture, 0, None),
        ),
        (
            "has no attention map 'rollout'",
            lambda: map_source(tiny("cbam"), "attention/rollout")(tiny("cbam"), picture, 0, None),
        ),
        ("without NaN", lambda: to_values(np.array([[np.inf]]))),
    ):
        with pytest.raises(InvalidInput, match=words):
            call()
