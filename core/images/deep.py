"""Read all 16 bits of a color PNG: Pillow keeps only the upper eight, which are empty for low bit depths."""

from __future__ import annotations

import io
from typing import cast

import numpy as np
from PIL import Image

SEEN = 64
"""Of 255: if all colors are darker than this, the values have 14 bits or fewer."""


def dark_samples(image: Image.Image, data: bytes) -> np.ndarray | None:
    """The values (h, w, 2, 3 or 4) uint16 of a loaded 16-bit PNG, alpha last; None if eight bits are enough.

    ``data`` are the bytes of its file. Raises Pillow's exceptions if they are damaged.
    """
    if image.format != "PNG" or data[24] != 16 or image.mode not in ("RGB", "RGBA"):
        return None
    extrema = cast("tuple[tuple[int, int], ...]", image.getextrema())  # one pair of bytes for each channel
    if max(most for _, most in extrema[:3]) >= SEEN:
        return None
    if data[25] == 4:  # gray with alpha: two values of two bytes are read as four of one
        return np.ascontiguousarray(unpacked(data, "RGBA")).view(">u2").astype(np.uint16)
    lower = unpacked(data, f"{image.mode};16L")  # read as little-endian, the other byte is kept
    values = np.asarray(image).astype(np.uint16)
    values <<= 8  # in place: there may be 40 million pixels
    values |= lower
    return values


def unpacked(data: bytes, raw: str) -> np.ndarray:
    """The pixels of a PNG, decoded in another raw mode of Pillow with the same number of bits."""
    with Image.open(io.BytesIO(data), formats=("PNG",)) as image:
        image.tile = [one._replace(args=raw) for one in image.tile]
        return np.asarray(image)
