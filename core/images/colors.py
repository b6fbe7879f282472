"""The values in a file as eight bits of sRGB, which models are trained on and screens show.

An embedded ICC profile says what the numbers of a file mean (ISO 15076-1); ignored, a photograph in Display P3 or Adobe
RGB loses its saturated colors. Sixteen bits are scaled to eight. Where they hold the values of a sensor of fewer bits,
as scientific and medical pictures do, they would be almost black: they are stretched to the sensor's range.
"""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageCms

BITS = (8, 10, 12, 14)
"""Depths of sensors whose values are stored in sixteen bits as they are."""
UNSEEN = 2
"""Levels of 255 by which a profile must move some color; below that it is sRGB written in other words."""
LATTICE = np.stack(np.meshgrid(*[np.linspace(0, 255, 9)] * 3), -1).astype(np.uint8).reshape(27, 27, 3)
COLORS = {"RGB": "RGB", "RGBA": "RGB", "RGBX": "RGB", "P": "RGB", "L": "L", "LA": "L", "1": "L", "CMYK": "CMYK"}
"""The mode in which the colors of a file of each mode are converted."""


def to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """An image in the colors of sRGB: RGB, or RGBA where it has transparency; as it is where it has no profile of use.

    ``profile`` is the embedded ICC profile. One that is broken, meant for other modes, or that of sRGB changes nothing.
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
    except (ImageCms.PyCMSError, OSError, ValueError):  # a picture with a broken profile is still a picture
        return image
    if alpha is not None:
        colors.putalpha(alpha)
    return colors


def eight_bits(values: np.ndarray, transparent: int | tuple[int, ...] | None = None) -> tuple[Image.Image, int]:
    """16-bit values (h, w) or (h, w, 2, 3 or 4; alpha last) scaled to 8 bits, and how many bits they have.

    16 where the colors use the whole range; else the least of ``BITS`` that holds the largest value, which becomes the
    range that is shown. (Pillow's own conversion clips.) The ``transparent`` color becomes alpha.
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
    """The bits of the sensor whose values these may be."""
    largest = int(values.max())
    return next((bits for bits in BITS if 0 < largest < 1 << bits), 16)


def scaled(values: np.ndarray, bits: int) -> np.ndarray:
    """Values of so many bits as values of eight."""
    most = (1 << bits) - 1
    table = ((np.arange(65536).clip(0, most) * 255 + most // 2) // most).astype(np.uint8)
    found = np.empty(values.shape, np.uint8)
    for row, own in zip(found, values, strict=True):  # one by one, for numpy holds eight bytes to look up each value
        row[:] = table[own]
    return found
