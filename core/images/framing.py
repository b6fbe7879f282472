"""Choose the model's square on a picture, cut it, and lay a map over the square back onto the picture.

Coordinates are those of the picture's pixels: the pixel in row y and column x covers x..x+1, y..y+1, and its center
lies at (x + 0.5, y + 0.5).
"""

from __future__ import annotations

import io
import math
from dataclasses import replace
from typing import Literal

import numpy as np
from PIL import Image

from core.types import Box, InvalidInput, Picture, frozen

LONGEST = 1600  # pixels; larger pictures are reduced to this, so that one picture takes 7.7 MB at most
BASELINE = (124, 116, 104)  # the mean color of ImageNet, the shipped models' normalized zero

Framing = Literal["center", "fit"] | Box


def reframe(picture: Picture, framing: Framing) -> Picture:
    """The same picture with another square for the model.

    ``"center"`` is the largest centered square, on the same pixels as torchvision's center crop; a model that was
    measured with a smaller one takes that (``frame``). ``"fit"`` is the smallest centered square that holds the whole
    picture. Both lie on whole pixels. A custom box (left, top, right, bottom) is made square about its center by its
    longer side, at most the picture's longer side. Along each axis it is then moved, as little as needed, to lie within
    the picture, or to hold the picture's whole width or height if it is larger.

    Raises InvalidInput for a box without area or outside of the picture.
    """
    height, width = picture.pixels.shape[:2]
    if isinstance(framing, str) and framing in ("center", "fit"):
        side = min(width, height) if framing == "center" else max(width, height)
        left, top = round((width - side) / 2), round((height - side) / 2)  # round half to even, as torchvision does
    else:
        side, left, top = _own_square(framing, width, height)
    centered = isinstance(framing, str) and framing == "center"
    box = float(left), float(top), float(left + side), float(top + side)
    return replace(picture, box=box, centered=centered)


def frame(picture: Picture, size: int, resize: int | None = None) -> Picture:
    """The picture with the box for a model of this ``size``.

    With the default framing, and a model that was measured with torchvision's ``Resize(resize)`` and
    ``CenterCrop(size)``, it is that crop, in pixels of the whole picture; else the box is unchanged.
    """
    if resize is None or not picture.centered:
        return picture
    height, width = picture.pixels.shape[:2]
    wide, high = resized(width, height, resize)
    left, top = round((wide - size) / 2), round((high - size) / 2)
    x, y = width / wide, height / high
    return replace(picture, box=(left * x, top * y, (left + size) * x, (top + size) * y))


def resized(width: int, height: int, short: int) -> tuple[int, int]:
    """Width and height that torchvision's ``Resize(short)`` gives a picture; the longer side is rounded down."""
    long = int(short * max(width, height) / min(width, height))
    return (short, long) if width <= height else (long, short)


INTERPOLATIONS = {int(one): one.name.lower() for one in Image.Resampling}
"""Names of PIL's filters by number."""


def square(
    picture: Picture,
    size: int,
    fill: tuple[int, int, int] = BASELINE,
    resize: int | None = None,
    interpolation: str = "bilinear",
) -> np.ndarray:
    """The model's square: the picture's box as (size, size, 3) uint8, with ``fill`` outside of the picture.

    It is cut once and cached with the picture, read-only.

    Resampled by the filter of PIL that ``interpolation`` names, one of ``INTERPOLATIONS``; all but "nearest" antialias
    when they reduce. A box of ``size`` whole pixels is copied
    unchanged. Otherwise pixels just outside of the box contribute at its edge, as when a picture is resized first and
    then cropped. The default framing of a model with a ``resize`` uses that order (see ``frame``), so that the square
    is the same as torchvision's, bit by bit.
    """
    resize = resize if picture.centered else None
    key = size, fill, resize, interpolation
    found = picture.squares.get(key)
    if found is None:
        how = Image.Resampling[interpolation.upper()]
        cut = _cut(picture, size, fill, how) if resize is None else _center_crop(picture, size, resize, how)
        found = picture.squares[key] = frozen(cut)
    return found


def _center_crop(picture: Picture, size: int, resize: int, how: Image.Resampling) -> np.ndarray:
    height, width = picture.pixels.shape[:2]
    wide, high = resized(width, height, resize)
    left, top = round((wide - size) / 2), round((high - size) / 2)
    whole = np.asarray(Image.fromarray(picture.pixels).resize((wide, high), how))
    return whole[top : top + size, left : left + size]


def _cut(picture: Picture, size: int, fill: tuple[int, int, int], how: Image.Resampling) -> np.ndarray:
    left, top, right, bottom = picture.box
    height, width = picture.pixels.shape[:2]
    west, north = math.ceil(max(0, -left)), math.ceil(max(0, -top))
    east, south = math.ceil(max(0, right - width)), math.ceil(max(0, bottom - height))
    canvas = picture.pixels
    if west or north or east or south:
        # Padding before resampling keeps the exact position of the picture, including fractions of a pixel.
        canvas = np.full((north + height + south, west + width + east, 3), fill, np.uint8)
        canvas[north : north + height, west : west + width] = picture.pixels
    box = (left + west, top + north, right + west, bottom + north)
    return np.array(Image.fromarray(canvas).resize((size, size), how, box=box))


def to_picture(values: np.ndarray, box: Box, shape: tuple[int, ...], smooth: bool = False) -> np.ndarray:
    """A map (h, w) over the square ``box`` as a map over a picture of ``shape`` (H, W, ...): (H, W) float32.

    Each pixel has the value of the cell that contains its center; with ``smooth``, bilinear interpolation of the
    nearest cell centers. NaN if a pixel's center is outside of the box, which the model does not see.
    """
    values = np.asarray(values, np.float32)
    if values.ndim != 2 or not values.size:
        raise InvalidInput(
            "An overlay needs one map of shape (h, w), not an array of shape {shape}.", shape=values.shape
        )
    left, top, right, bottom = box
    rows, down = within(top, bottom, shape[0], values.shape[0])
    columns, across = within(left, right, shape[1], values.shape[1])
    laid = np.full(shape[:2], np.nan, np.float32)
    laid[rows, columns] = _lay(_lay(values, down, smooth).T, across, smooth).T
    return laid


def within(start: float, stop: float, length: int, cells: int) -> tuple[slice, np.ndarray]:
    """Along one axis: the pixels whose centers lie from ``start`` to ``stop``, and where each lies, in ``cells``."""
    places = (np.arange(length) + 0.5 - start) / (stop - start) * cells
    inside = np.flatnonzero((places >= 0) & (places < cells))
    seen = slice(inside[0], inside[-1] + 1) if len(inside) else slice(0, 0)
    return seen, places[seen]


def cell_box(grid: tuple[int, int], row: int, column: int, box: Box) -> Box:
    """The part of the picture that one cell of a ``grid`` (h, w) over the square ``box`` covers, in picture pixels."""
    rows, columns = grid
    if not (0 <= row < rows and 0 <= column < columns):
        raise InvalidInput(
            "Choose a cell in the grid of {rows} × {columns}, not row {row}, column {column}.",
            rows=rows,
            columns=columns,
            row=row,
            column=column,
        )
    left, top, right, bottom = box
    wide, high = (right - left) / columns, (bottom - top) / rows
    return left + column * wide, top + row * high, left + (column + 1) * wide, top + (row + 1) * high


def encode_jpeg(pixels: np.ndarray, longest: int = 640, quality: int = 88) -> bytes:
    """The bytes of a JPEG of pixels (h, w, 3) uint8, for display; reduced to a longer side of ``longest`` pixels."""
    buffer = io.BytesIO()
    reduced(Image.fromarray(pixels), longest).save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def thumbnail(picture: Picture, side: int = 96) -> bytes:
    """The bytes of a JPEG of the model's square, ``side`` x ``side`` pixels."""
    return encode_jpeg(square(picture, side), longest=side)


def reduced_size(width: int, height: int, longest: int = LONGEST) -> tuple[int, int]:
    """Width and height with a longer side of at most ``longest`` pixels."""
    scale = min(1, longest / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def reduced(image: Image.Image, longest: int) -> Image.Image:
    """The image with a longer side of at most ``longest`` pixels."""
    size = reduced_size(*image.size, longest)
    return image if size == image.size else image.resize(size, Image.Resampling.BILINEAR, reducing_gap=3.0)


def _own_square(box: Framing, width: int, height: int) -> tuple[float, float, float]:
    """Side, left and top of the square that ``reframe`` makes of a box."""
    try:
        left, top, right, bottom = (float(edge) for edge in box)
    except (TypeError, ValueError) as error:
        raise InvalidInput('Crop a picture with "center", "fit" or a box (left, top, right, bottom).') from error
    if not all(map(math.isfinite, (left, top, right, bottom))) or right - left < 1 or bottom - top < 1:
        raise InvalidInput("Draw a box at least one pixel wide and high, with left before right and top before bottom.")
    if right <= 0 or bottom <= 0 or left >= width or top >= height:
        raise InvalidInput(
            "Draw a box that overlaps the picture of {width} × {height} pixels.", width=width, height=height
        )
    side = min(max(right - left, bottom - top), max(width, height))
    # The median clamps the first value to the range of the others.
    _, left, _ = sorted(((left + right - side) / 2, 0.0, width - side))
    _, top, _ = sorted(((top + bottom - side) / 2, 0.0, height - side))
    return side, left, top


def _lay(values: np.ndarray, places: np.ndarray, smooth: bool) -> np.ndarray:
    """The values along the first axis at ``places``, where cell i covers i..i+1."""
    if not smooth:
        return values[places.astype(int)]
    last = len(values) - 1
    places = (places - 0.5).clip(0, last)  # beyond the outer centers, only the outer cell
    low = places.astype(int)
    part = (places - low)[:, None]
    return values[low] * (1 - part) + values[np.minimum(low + 1, last)] * part
