"""Small JPEGs of pictures with a map over them."""

from __future__ import annotations

from hashlib import sha256

import numpy as np

from app.runtime import results
from core import Picture
from core.images import encode_jpeg
from core.reporting import paint

SIDE = 384
"""Pixels of its longer side."""


def painted_jpeg(picture: Picture, values: np.ndarray | None, ends: tuple[float, float] = (0.0, 1.0)) -> bytes:
    """A JPEG of the picture with a map (h, w) over it, whose colors run from the first of the ``ends`` to the second.

    Without ``values`` it is the picture alone.
    """
    content = "" if values is None else sha256(values.tobytes()).hexdigest()

    def paint_jpeg() -> bytes:
        low, high = ends
        shifted = None if values is None else np.maximum(values - low, 0)
        return encode_jpeg(paint(picture, shifted, top=(high - low) or 1.0, side=SIDE), longest=SIDE)

    return results.store().get(("painted", picture.key, content, ends), paint_jpeg)
