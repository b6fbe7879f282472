"""Pictures: open untrusted bytes, cut the model's square, and lay a map over that square back onto the picture.

All functions are pure, may be called from any thread, and write nothing to disk.
"""

from __future__ import annotations

from core.images.framing import (
    BASELINE,
    INTERPOLATIONS,
    LONGEST,
    Framing,
    cell_box,
    encode_jpeg,
    frame,
    reframe,
    square,
    thumbnail,
    to_picture,
    within,
)
from core.images.opening import FORMATS, MAX_BYTES, MAX_PIXELS, SMALLEST, load_bytes, open_image

__all__ = [
    "BASELINE",
    "FORMATS",
    "INTERPOLATIONS",
    "LONGEST",
    "MAX_BYTES",
    "MAX_PIXELS",
    "SMALLEST",
    "Framing",
    "cell_box",
    "encode_jpeg",
    "frame",
    "load_bytes",
    "open_image",
    "reframe",
    "square",
    "thumbnail",
    "to_picture",
    "within",
]
