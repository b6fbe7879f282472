"""Stickers: an object or a sign cut out with a white rim, to be laid on a ground."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from random import Random
from typing import Any

from PIL import Image, ImageChops, ImageFilter

from core.scenes import crafts, creatures, signs
from core.scenes.canvas import Canvas, Color, Light

_OWN_COLORS: dict[str, Callable[[Canvas], None]] = {
    "house": crafts.house,
    "tree": creatures.tree,
    "rocket": crafts.rocket,
    "sun": signs.sun,
    "moon": signs.moon,
    "star": signs.star,
    "frame": signs.frame,
}
_PAINTED: dict[str, Callable[[Canvas, Any], None]] = {
    "boat": crafts.boat,
    "balloon": crafts.balloon,
    "mushroom": creatures.mushroom,
    "fish": creatures.fish,
    "bird": creatures.bird,
    "car": crafts.car,
    "umbrella": crafts.umbrella,
    "flag": signs.flag,
    "ball": signs.ball,
    "fruit": signs.fruit,
}
_DAY = Light("#ffffff", "#ffffff", "#ffffff", "#ffffff", "#ffffff", 0.0)
_RIM = 0.055
_MARGIN = 1.3
_HOLLOW = "frame"
MOST = 64
"""Stickers that are kept: those of the last pictures. All that a class sees would take gigabytes."""


@lru_cache(maxsize=MOST)
def sticker(
    name: str, paint: Color | str | None, size: int, chance: int = 0, mirror: bool = False
) -> tuple[Image.Image, Image.Image]:
    """Colors and mask (L) of a square picture on which one unit of the drawing is ``size`` pixels.

    ``paint`` is the color of what can have any, or which fruit it is; ``chance`` seeds what the drawing leaves open.
    Neither picture may be drawn on.
    """
    side = round(size * _MARGIN)
    image, mask = Image.new("RGB", (side, side), "#ffffff"), Image.new("L", (side, side))
    canvas = Canvas(image, Random(chance), _DAY, mask, at=(0.5, 0.5), size=size / side, mirror=mirror)
    if name in _PAINTED:
        _PAINTED[name](canvas, paint)
    else:
        _OWN_COLORS[name](canvas)
    if name == _HOLLOW:
        return image, mask
    width = 2 * max(1, round(size * _RIM)) + 1
    rim = mask.filter(ImageFilter.GaussianBlur(width / 3)).point([min(255, 6 * v) for v in range(256)])
    image.paste("#ffffff", (0, 0), ImageChops.invert(mask))
    return image, ImageChops.lighter(mask, rim)


def lay(image: Image.Image, mask: Image.Image, piece: tuple[Image.Image, Image.Image], at: tuple[int, int]) -> None:
    """Lay a sticker with its soft shadow on the image, its middle at that pixel, and record it in the ``mask``."""
    colors, shape = piece
    left, top = at[0] - colors.width // 2, at[1] - colors.height // 2
    drop = max(1, colors.width // 40)
    image.paste("#1c1f4a", (left + drop, top + 2 * drop), shape.point([v // 4 for v in range(256)]))
    image.paste(colors, (left, top), shape)
    mask.paste(255, (left, top), shape)
