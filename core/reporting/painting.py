"""Draw a map over a picture, with the colors, the alignment and the alpha of the app's overlay.

A cell of the map covers its part of the model's square. Its color runs from the map's lowest value to its highest
through a perceptually uniform table; that of a signed map is symmetric about zero, from purple over white to orange, on
the picture in gray. With t the position in the scale, 0 to 1 (for a signed map the distance from zero),
alpha = 0.85 · t^0.7: zero is transparent.
"""

from __future__ import annotations

import io
import zlib

import numpy as np
from PIL import Image

from core.images import within
from core.types import InvalidInput, Picture

COLORS = ("inferno", "viridis", "cividis")
DIVERGING = ("3f1d73", "5b3fa0", "7c66bd", "aca0d3", "f7f7f7", "fbca8a", "f09c38", "d4701a", "a34a04")
OPACITY, GROWTH = 0.85, 0.7
SHADE, DARK = (17, 20, 32), 0.62
"""The color, and its share, that shades the part of the picture outside of the model's square."""
SIDE = 480
LUMA = np.array([0.299, 0.587, 0.114], np.float32)


def paint(
    picture: Picture,
    values: np.ndarray | None,
    *,
    signed: bool = False,
    top: float | None = None,
    colors: str = "inferno",
    side: int = SIDE,
) -> np.ndarray:
    """The picture with a map (h, w) over the model's square: (height, width, 3) uint8, its longer side of that length.

    Without ``values`` only the picture, shaded outside of the model's square. Values that are not finite are left out.
    With ``top`` the colors run from zero to that value, so that several maps have one scale.

    Raises:
        InvalidInput: a map of another shape, or no such colors.
    """
    if colors not in COLORS:
        raise InvalidInput(
            "There is no color map '{colors}'. Choose one of: {choices}.", choices=list(COLORS), colors=colors
        )
    height, width = picture.pixels.shape[:2]
    size = tuple(max(1, round(edge * side / max(height, width))) for edge in (width, height))
    image = Image.fromarray(picture.pixels).resize(size, Image.Resampling.BICUBIC)
    across, down = size[0] / width, size[1] / height
    left, upper, right, lower = (edge * scale for edge, scale in zip(picture.box, (across, down) * 2, strict=True))
    colored, image = image, gray(image) if values is not None and signed else image
    values = np.zeros((1, 1)) if values is None else np.asarray(values, np.float32)
    if values.ndim != 2 or not values.size:
        raise InvalidInput(
            "An overlay needs one map of shape (h, w), not an array of shape {shape}.", shape=values.shape
        )
    rows, y = within(upper, lower, size[1], values.shape[0])
    columns, x = within(left, right, size[0], values.shape[1])
    place = (columns.start, rows.start, columns.stop, rows.stop)
    seen = image.crop(place)
    if values.any():
        cells = y.astype(int)[:, None], x.astype(int)  # color the few cells before the many pixels
        color, alpha = tint(values, ends(values, signed, top), colors, signed)
        if signed:  # without integer gray, to round only once
            pale = 56 + 0.75 * (np.asarray(colored.crop(place), np.float32) @ LUMA)[:, :, None]
            mixed = pale * (1 - alpha)[cells] + (color * alpha)[cells]
            seen = Image.fromarray(np.rint(mixed).astype(np.uint8))
        else:
            cover = np.rint(255 * alpha[:, :, 0]).astype(np.uint8)
            seen = Image.composite(Image.fromarray(color[cells]), seen, Image.fromarray(cover[cells]))
    if place != (0, 0, *size):
        shade, mask = Image.new("RGB", size, SHADE), Image.new("L", size, round(255 * DARK))
        image = Image.composite(shade, image, mask)
    image.paste(seen, place)
    return np.array(image)


def gray(image: Image.Image) -> Image.Image:
    """The image in gray and somewhat paler, as the background of a signed map."""
    return image.convert("RGB", (*(0.75 * LUMA).tolist(), 56) * 3)


def tint(values: np.ndarray, ends: tuple[float, float], colors: str, signed: bool) -> tuple[np.ndarray, np.ndarray]:
    """The color (h, w, 3), uint8, and the alpha (h, w, 1) of each cell of a map; not finite ones are transparent."""
    here = np.isfinite(values)
    index = places(np.where(here, values, 0), ends, signed)
    far = np.abs(index - 128) / 127 if signed else index / 255
    alpha = OPACITY * np.clip(far, 0, 1) ** GROWTH * here
    return palette(colors, signed)[index].astype(np.uint8), alpha[:, :, None]


def paint_map(values: np.ndarray, *, colors: str = "inferno", side: int = SIDE) -> np.ndarray:
    """A map (h, w) by itself: (height, width, 3) uint8, its longer side of that length."""
    height, width = np.shape(values)
    size = tuple(max(1, round(edge * side / max(height, width))) for edge in (width, height))
    colors = palette(colors, False)[places(np.asarray(values, np.float32), ends(values, False), False)]
    return np.asarray(Image.fromarray(np.rint(colors).astype(np.uint8)).resize(size, Image.Resampling.NEAREST))


def ends(values: np.ndarray, signed: bool, top: float | None = None) -> tuple[float, float]:
    """The values of the first and the last color: the map's range, from zero to ``top``, or symmetric about zero."""
    known = values[np.isfinite(values)]
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 0.0)
    if signed:
        high = max(-low, high) if top is None else top
        return -high, high
    # A constant map has the highest color everywhere, a map of zeros the lowest.
    return (low if top is None and high > low else 0.0), (high if top is None else top)


def places(values: np.ndarray, ends: tuple[float, float], signed: bool) -> np.ndarray:
    """The index of each value in a table of 256 colors; a signed one has zero at 128."""
    low, high = ends
    if high <= low:
        return np.full(values.shape, 128 if signed else 0)
    share = values * 127 / high + 128.5 if signed else (values - low) * 255 / (high - low) + 0.5
    return np.clip(share, 0, 255).astype(np.intp)


def palette(colors: str, signed: bool) -> np.ndarray:
    """256 colors (256, 3) from 0 to 255. A signed one has zero at 128, its ends at 1 and 255."""
    if not signed:
        from matplotlib import colormaps

        return colormaps[colors](np.arange(256), bytes=True)[:, :3].astype(np.float32)
    stops = np.array([[int(stop[i : i + 2], 16) for i in (0, 2, 4)] for stop in DIVERGING], np.float32)
    at = (np.clip((np.arange(256) - 128) / 127, -1, 1) + 1) * (len(stops) - 1) / 2
    return np.stack([np.interp(at, np.arange(len(stops)), channel) for channel in stops.T], 1).round()


def to_png(pixels: np.ndarray) -> bytes:
    """The bytes of a PNG of pixels (h, w, 3) uint8, with fast compression: better ones hardly help for photographs."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", compress_level=1, compress_type=zlib.Z_RLE)
    return file.getvalue()
