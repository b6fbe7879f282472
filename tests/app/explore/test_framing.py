"""A custom box, from its name in the address to the square that the model sees."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from app.widgets import pictures
from app.widgets.pictures import drawn, numbers
from core import ModelCard, Picture, open_image
from core.images import square

SHAPES = [(90, 160), (160, 90), (64, 64), (333, 517), (8, 40)]
PIXEL = 0.51
"""To the nearest pixel."""


CARD = ModelCard("tiny/plain", "", "plain", ("a", "b"), size=64)


def framed(picture: Picture, framing: str) -> Picture:
    return pictures.framed(CARD, picture, framing)


def blank(height: int, width: int) -> Picture:
    return open_image(np.zeros((height, width, 3), np.uint8))


@pytest.mark.parametrize("shape", SHAPES)
def test_a_box_in_per_cent_is_a_square_inside_the_picture(shape: tuple[int, int]) -> None:
    height, width = shape
    picture = blank(height, width)
    for across, down, side in product((0, 25, 50, 99, 100), (0, 33, 100), (10, 11, 60, 100)):
        left, top, right, bottom = framed(picture, f"box:{across},{down},{side}").box
        assert right - left == pytest.approx(bottom - top)
        assert right - left == pytest.approx(max(8, min(height, width) * side / 100), abs=PIXEL)
        assert min(left, top) >= -1e-9 and right <= width + 1e-9 and bottom <= height + 1e-9
        # of the room that is left next to the square, so much lies to its left and above it
        assert left == pytest.approx((width - (right - left)) * across / 100, abs=PIXEL)
        assert top == pytest.approx((height - (bottom - top)) * down / 100, abs=PIXEL)


def test_some_boxes_worked_out_by_hand() -> None:
    picture = blank(100, 200)
    assert framed(picture, "box:0,0,50").box == (0, 0, 50, 50)
    assert framed(picture, "box:100,100,50").box == (150, 50, 200, 100)
    assert framed(picture, "box:50,50,100").box == (50, 0, 150, 100) == framed(picture, "center").box
    assert framed(picture, "box:20,40,60").box == (28, 16, 88, 76)
    assert framed(picture, "fit").box == (0, -50, 200, 150)


def test_the_pixels_stay_as_they_are() -> None:
    picture = blank(100, 200)
    for framing in ("center", "fit", "box:1,2,30"):
        found = framed(picture, framing)
        assert found.pixels is picture.pixels and found.sha256 == picture.sha256 and found.name == picture.name


@pytest.mark.parametrize("text", ["box", "box:", "box:9", "box:9,nine", "box:1,2,3,4", "box:1;2;3", "box:nan,1,2"])
def test_a_wrong_box_falls_back(text: str) -> None:
    assert numbers(text) == (50, 50, 60)
    assert framed(blank(100, 100), text).box == (20, 20, 80, 80)


def test_numbers_beyond_the_sliders_are_brought_back() -> None:
    assert numbers("box:-5,170,60") == (0, 100, 60)
    assert numbers("box:10,20,30") == (10, 20, 30) and numbers("box:10,20,3") == (10, 20, 10)


@pytest.mark.parametrize("framing", ["center", "box:0,0,60", "box:100,100,100", "box:30,30,10"])
@pytest.mark.parametrize("shape", [(20, 1600), (1600, 20), (100, 401), (8, 90)])
def test_of_an_elongated_picture_what_lies_round_the_square_is_drawn(shape: tuple[int, int], framing: str) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (*shape, 3), dtype=np.uint8)
    whole = framed(open_image(pixels), framing)
    part = drawn(whole)
    assert sorted(part.pixels.shape[:2]) == sorted((min(shape), 2 * min(shape)))
    assert np.array_equal(square(part, 32), square(whole, 32)), "the model's square is the same"
    assert part.sha256 != whole.sha256


@pytest.mark.parametrize(("shape", "framing"), [((100, 400), "center"), ((20, 1600), "fit"), ((64, 64), "box:1,2,30")])
def test_a_picture_that_can_be_read_is_drawn_whole(shape: tuple[int, int], framing: str) -> None:
    picture = framed(blank(*shape), framing)
    assert drawn(picture) is picture


@pytest.mark.parametrize("text", ["", "middle", "CENTER", "50,50,60"])
def test_an_unknown_framing_is_the_center(text: str) -> None:
    assert framed(blank(90, 160), text).box == (35, 0, 125, 90)


def test_the_center_crop_is_the_one_that_the_model_was_measured_with() -> None:
    card = ModelCard("torchvision/x", "", "plain", ("a", "b"), size=224, resize=232)
    picture = blank(464, 928)  # resized to 232 × 464, of which the central 224 are 448 pixels of the picture
    assert pictures.framed(card, picture, "center").box == (240, 8, 688, 456)
    assert pictures.framed(card, picture, "fit").box == (0, -232, 928, 696)
    assert pictures.framed(card, picture, "box:50,50,100").box == (232, 0, 696, 464)
