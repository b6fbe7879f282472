"""The model's square on a picture, and maps back onto the picture, against slow filters and marked pixels."""

from __future__ import annotations

import io
import math

import numpy as np
import pytest
from PIL import Image

from core.images import BASELINE, cell_box, encode_jpeg, open_image, reframe, square, thumbnail, to_picture
from core.types import InvalidInput
from tests.core.refusals import short_refusal

BLACK = np.zeros((40, 60, 3), np.uint8)
RANDOM = np.random.default_rng(0).integers(0, 256, (24, 36, 3), dtype=np.uint8)


def refusal(source: object, **options: object) -> str:
    """The sentence with which a frame is refused."""
    return short_refusal(open_image, source, **options)


def test_frames_and_what_is_none() -> None:
    frames = {
        "center": (10, 0, 50, 40),
        "fit": (0, -10, 60, 50),
        (20, 10, 40, 14): (20, 2, 40, 22),  # square about its center by the longer side
        (50.5, -5, 70, 5): (40.5, 0, 60, 19.5),  # moved into the picture
        (0, 0, 50, 40): (0, -5, 50, 45),  # too high for the picture, and left where it holds the whole height
        (0, 20, 50, 40): (0, 0, 50, 50),
        (-1e9, -1e9, 1e9, 1e9): (0, -20, 60, 40),  # at most the picture's longer side
    }
    for framing, box in frames.items():
        assert open_image(BLACK, framing).box == reframe(open_image(BLACK), box).box == box
        turned = framing if isinstance(framing, str) else np.array(framing)[[1, 0, 3, 2]]
        assert open_image(BLACK.transpose(1, 0, 2), turned).box == tuple(np.array(box)[[1, 0, 3, 2]])
    for degenerate in ((5, 5, 5, 9), (9, 9, 3, 3), (0, 0, 0.2, 5), (0, 0, math.nan, 5), (0, 0, math.inf, 5)):
        assert "at least one pixel" in refusal(BLACK, framing=degenerate)
    for outside in ((60, 0, 70, 10), (-9, 0, -1, 10), (0, 40, 10, 50)):
        assert "overlaps the picture of 60 × 40" in refusal(BLACK, framing=outside)
    for nonsense in ("left", (1, 2, 3), None, 3, ("a", 0, 1, 1)):
        assert '"center", "fit" or a box' in refusal(BLACK, framing=nonsense)


def slow_axis(line: np.ndarray, start: float, stop: float, size: int, fill: float) -> np.ndarray:
    """The antialiased triangle filter along one axis as a float64 matrix; ``fill`` where the box goes on."""
    before, scale = math.ceil(max(0, -start)), (stop - start) / size
    line = np.pad(line.astype(float), (before, math.ceil(max(0, stop - len(line)))), constant_values=fill)
    places, centers = np.arange(len(line)) - before + 0.5, start + (np.arange(size) + 0.5) * scale
    weights = (1 - abs(places - centers[:, None]) / max(scale, 1)).clip(0)
    return weights @ line / weights.sum(1)


@pytest.mark.parametrize("framing", ["center", "fit", (3.3, 2.2, 10.9, 14), (-3.5, 0, 12.7, 9), (0, -1.6, 30.7, 9)])
@pytest.mark.parametrize(("size", "pixels"), [(7, RANDOM), (60, RANDOM), (9, RANDOM[:, ::3]), (50, RANDOM[:, ::3])])
def test_square_against_a_slow_filter(framing: object, size: int, pixels: np.ndarray) -> None:
    picture = open_image(pixels, framing)
    left, top, right, bottom = picture.box
    drawn = square(picture, size, fill=(9, 99, 199))
    for channel, fill in enumerate((9, 99, 199)):
        rows = np.array([slow_axis(line, left, right, size, fill) for line in pixels[..., channel]])
        expected = np.stack([slow_axis(line, top, bottom, size, fill) for line in rows.T], 1)
        assert drawn.dtype == np.uint8 and np.abs(drawn[..., channel] - expected).max() <= 1.5


@pytest.mark.parametrize("framing", ["center", "fit", (20, 5, 45, 25), (12.5, 1.5, 44.5, 33.5), (8, -3, 58, 38)])
@pytest.mark.parametrize(("y", "x", "cells"), [(13, 41, 9), (2, 30, 7), (25, 22, 11)])
def test_a_marked_pixel_lands_in_its_cell_and_comes_back(framing: object, y: int, x: int, cells: int) -> None:
    pixels = BLACK.copy()
    pixels[y, x] = 255
    left, top, right, bottom = (picture := open_image(pixels, framing)).box
    side = (right - left) / cells
    row, column = math.floor((y + 0.5 - top) / side), math.floor((x + 0.5 - left) / side)
    light = square(picture, 16 * cells, fill=(0, 0, 0))[..., 0].reshape(cells, 16, cells, 16).sum((1, 3))
    assert np.unravel_index(light.argmax(), light.shape) == (row, column)
    one = np.zeros((cells, cells))
    one[row, column] = 1
    laid = to_picture(one, picture.box, pixels.shape)
    west, north, east, south = cell_box((cells, cells), row, column, picture.box)
    down, across = np.indices((40, 60)) + 0.5
    seen = (left <= across) & (across < right) & (top <= down) & (down < bottom)
    held = (west <= across) & (across < east) & (north <= down) & (down < south)
    assert laid.dtype == np.float32 and laid[y, x] == 1
    assert np.array_equal(laid, np.where(seen, held, np.nan), equal_nan=True)


def test_smooth_maps_against_a_slow_loop() -> None:
    values, (left, top) = np.random.default_rng(4).normal(size=(3, 4)), (2.5, -3.0)
    laid = to_picture(values, (left, top, left + 20, top + 20), (15, 30), smooth=True)
    outer = np.pad(values, 1, mode="edge")  # the outer cells go on beyond the edge
    for y, x in np.ndindex(15, 30):
        down, across, total = (y + 0.5 - top) / 20 * 3, (x + 0.5 - left) / 20 * 4, 0.0
        for (row, column), value in np.ndenumerate(outer):
            total += max(0, 1 - abs(row - 0.5 - down)) * max(0, 1 - abs(column - 0.5 - across)) * value
        expected = total if 0 <= down < 3 and 0 <= across < 4 else np.nan
        assert laid[y, x] == pytest.approx(expected, abs=1e-5, nan_ok=True)


def test_maps_keep_their_holes_and_cells_tile_the_box() -> None:
    values, box = np.ones((5, 5)), (1.5, -2.0, 13.5, 10.0)
    values[2, 2] = np.nan
    nearest, smooth = (to_picture(values, (0, 0, 50, 50), (50, 50), smooth) for smooth in (False, True))
    assert np.isnan(nearest).sum() == 100 and 100 < np.isnan(smooth).sum() <= 400
    assert cell_box((3, 4), 0, 0, box)[:2] == box[:2] and cell_box((3, 4), 2, 3, box)[2:] == box[2:]
    assert cell_box((3, 4), 1, 2, box) == (7.5, 2.0, 10.5, 6.0)
    for row, column, shape in ((3, 0, (5,)), (0, 4, (1, 5, 5)), (-1, 0, (0, 5))):
        with pytest.raises(InvalidInput, match="in the grid of 3 × 4"):
            cell_box((3, 4), row, column, box)
        with pytest.raises(InvalidInput, match="one map of shape"):
            to_picture(np.zeros(shape), box, (5, 5))


def test_copies_for_the_model_and_for_display() -> None:
    assert np.array_equal(square(open_image(RANDOM), 24), RANDOM[:, 6:30])  # what fits is not resampled
    fit = square(open_image(RANDOM, "fit"), 36)
    assert np.array_equal(fit[6:30], RANDOM) and (np.delete(fit, range(6, 30), 0) == BASELINE).all()
    picture = open_image(np.add.outer(np.arange(300), np.arange(900)) / 1300)
    whole, small, little = encode_jpeg(picture.pixels), thumbnail(picture, 48), encode_jpeg(RANDOM)
    images = [Image.open(io.BytesIO(data), formats=["JPEG"]) for data in (whole, small, little)]
    assert [image.size for image in images] == [(640, 213), (48, 48), (36, 24)]  # never enlarged
    assert np.abs(np.asarray(images[1]).astype(int) - square(picture, 48)).max() <= 6


def test_a_square_is_cut_once_for_each_size_and_never_for_another_frame() -> None:
    picture = open_image(np.random.default_rng(1).integers(0, 256, (40, 64, 3), dtype=np.uint8))
    first = square(picture, 16)
    assert square(picture, 16) is first and not first.flags.writeable
    assert square(picture, 8).shape == (8, 8, 3) and len(picture.squares) == 2
    fitted = reframe(picture, "fit")
    assert not fitted.squares and not np.array_equal(square(fitted, 16), first)
