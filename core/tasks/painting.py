"""Draw a layout as pixels, with the exact masks of everything that matters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageChops

from core.scenes.grounds import ground
from core.scenes.stickers import lay, sticker
from core.tasks.layout import ROLES, Layout
from core.types import frozen

_SUPERSAMPLING = 3


@dataclass(frozen=True, eq=False)
class Drawn:
    """A drawn picture: ``pixels`` (size, size, 3) uint8, and for each role that matters where it is to be seen.

    ``masks`` (size, size) bool by role: "cue", "step" and "answer", those that the picture has.
    """

    pixels: np.ndarray
    masks: dict[str, np.ndarray]

    @property
    def matters(self) -> np.ndarray:
        """Everything that matters, (size, size) bool."""
        return np.logical_or.reduce(list(self.masks.values()))


def draw(layout: Layout, size: int = 128) -> Drawn:
    """The picture of a layout, ``size`` pixels a side; what is covered by another item is not in a mask."""
    side = size * _SUPERSAMPLING
    image = ground(layout.ground, side).copy()
    masks = {role: Image.new("L", (side, side)) for role in ROLES if any(one.role == role for one in layout.items)}
    for item in layout.items:
        piece = sticker(item.name, item.paint, round(item.size * side), item.chance, item.mirror)
        mask = Image.new("L", (side, side))
        lay(image, mask, piece, (round(item.at[0] * side), round(item.at[1] * side)))
        for role, seen in masks.items():
            change = ImageChops.lighter if role == item.role else ImageChops.subtract
            masks[role] = change(seen, mask)
    small = {role: np.asarray(mask.reduce(_SUPERSAMPLING)) >= 128 for role, mask in masks.items()}
    return Drawn(frozen(np.asarray(image.reduce(_SUPERSAMPLING))), {role: frozen(mask) for role, mask in small.items()})


def draw_pixels(layout: Layout, size: int = 128) -> np.ndarray:
    """The pixels alone, which are drawn several times as fast."""
    side = size * _SUPERSAMPLING
    image, away = ground(layout.ground, side).copy(), Image.new("L", (1, 1))
    for item in layout.items:
        piece = sticker(item.name, item.paint, round(item.size * side), item.chance, item.mirror)
        lay(image, away, piece, (round(item.at[0] * side), round(item.at[1] * side)))
    return frozen(np.asarray(image.reduce(_SUPERSAMPLING)))
