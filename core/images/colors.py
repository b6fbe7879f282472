"""Convert the pixel values of a file to 8-bit sRGB, the format of training data and screens.

An embedded ICC profile defines the colors of a file (ISO 15076-1); without it, a photograph in Display P3 or Adobe RGB
would lose its saturated colors. Sixteen bits are scaled to eight. Values of a sensor with fewer bits, as in scientific
and medical pictures, would be almost black, so they are stretched to the range of the sensor.
"""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageCms

BITS = (8, 10, 12, 14)
"""Bit depths of sensors whose values are stored unscaled in sixteen bits."""
UNSEEN = 2
"""Levels of 255 by which a profile must change some color; below that it is equivalent to sRGB."""
LATTICE = np.stack(np.meshgrid(*[np.linspace(0, 255, 9)] * 3), -1).astype(np.uint8).reshape(27, 27, 3)
COLORS = {"RGB": "RGB", "RGBA": "RGB", "RGBX": "RGB", "P": "RGB", "L": "L", "LA": "L", "1": "L", "CMYK": "CMYK"}
"""For each mode of a file, the mode in which its colors are converted."""


def to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """An image in sRGB: RGB, or RGBA if it has transparency; unchanged without a usable profile.

    ``profile`` is the embedded ICC profile. A broken one, one for other modes, or sRGB itself changes nothing.
    """
    mode = COLORS.get(image.mode)
    if not profile or mode is None:
        return image
    try:
        own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        srgb = ImageCms.createProfile("sRGB")
        transform = ImageCms.buildTransform(own, srgb, mode, "RGB", ImageCms.Intent.RELATIVE_COLORIMETRIC)
        if mode == "RGB":
            moved = np.asarray(transform.apply(Image.fromarray(LATTICE)))
            if np.abs(moved.astype(int) - LATTICE).max() <= UNSEEN:
                return image
        alpha = image.convert("RGBA").getchannel("A") if image.has_transparency_data else None
        colors = transform.apply(image if image.mode == mode else image.convert(mode))
    except (ImageCms.PyCMSError, OSError, ValueError):  # a broken profile is ignored
        return image
    if alpha is not None:
        colors.putalpha(alpha)
    return colors


def eight_bits(values: np.ndarray, transparent: int | tuple[int, ...] | None = None) -> tuple[Image.Image, int]:
    """16-bit values (h, w) or (h, w, 2, 3 or 4; alpha last) scaled to 8 bits, and their bit depth.

    The depth is 16 if the colors use the whole range; else the least of ``BITS`` that holds the largest value, which
    becomes the displayed range. (Pillow's own conversion clips.) The ``transparent`` color becomes alpha.
    """
    values = values if values.ndim == 3 else values[..., None]
    colors, alpha = np.split(values, [values.shape[2] - (values.shape[2] in (2, 4))], axis=2)
    bits = depth(colors if colors.any() else values)
    parts = [scaled(colors, bits)]
    if alpha.size:
        parts.append(scaled(alpha, max(bits, depth(alpha))))
    elif transparent is not None:
        parts.append(np.where((colors == transparent).all(2, keepdims=True), 0, 255).astype(np.uint8))
    held = np.concatenate(parts, axis=2)
    return Image.fromarray(held[..., 0] if held.shape[2] == 1 else held), bits


def depth(values: np.ndarray) -> int:
    """The likely bit depth of the sensor."""
    largest = int(values.max())
    return next((bits for bits in BITS if 0 < largest < 1 << bits), 16)


def scaled(values: np.ndarray, bits: int) -> np.ndarray:
    """Scale values of ``bits`` bits to eight bits."""
    most = (1 << bits) - 1
    table = ((np.arange(65536).clip(0, most) * 255 + most // 2) // most).astype(np.uint8)
    found = np.empty(values.shape, np.uint8)
    for row, own in zip(found, values, strict=True):  # row by row: numpy needs eight bytes per value for the lookup
        row[:] = table[own]
    return found
