"""The canvas that scenes are drawn on: smooth shapes, gradients and light, in coordinates of the unit square.

Everything is drawn on a canvas several times too large and reduced afterward, so edges come out smooth at every size.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import lru_cache
from random import Random
from typing import NamedTuple, TypeVar

from PIL import Image, ImageDraw

T = TypeVar("T")
Point = tuple[float, float]
Color = tuple[int, int, int]
Paint = str | Color
"""A color as ``"#rrggbb"`` or as three numbers from 0 to 255."""


class Light(NamedTuple):
    """A time of day: the sky from zenith to horizon, its sun, and the light that falls on everything, how strongly."""

    top: str
    middle: str
    bottom: str
    sun: str
    tint: str
    amount: float


@lru_cache(maxsize=4096)
def ink(paint: Paint) -> Color:
    """The paint as three numbers."""
    red, green, blue = bytes.fromhex(paint[1:]) if isinstance(paint, str) else paint
    return red, green, blue


def mix(first: Paint, second: Paint, share: float) -> Color:
    """The color that lies ``share`` (0 to 1) of the way from the first to the second."""
    (a, b, c), (d, e, f) = ink(first), ink(second)
    return int(a + (d - a) * share + 0.5), int(b + (e - b) * share + 0.5), int(c + (f - c) * share + 0.5)


def lighter(paint: Paint, share: float = 0.25) -> Color:
    """The paint with warm white in it."""
    return mix(paint, "#fffaf0", share)


def darker(paint: Paint, share: float = 0.2) -> Color:
    """The paint with deep blue in it: shadows of a sunny day are blue, never black."""
    return mix(paint, "#1c1f4a", share)


@lru_cache(maxsize=64)
def circle(count: int) -> tuple[Point, ...]:
    """So many points on the unit circle."""
    return tuple((math.cos(k * math.tau / count), math.sin(k * math.tau / count)) for k in range(count))


@lru_cache(maxsize=8)
def _weights(steps: int) -> tuple[tuple[float, float, float, float], ...]:
    rows = []
    for t in (k / steps for k in range(steps)):
        u, v = t * t, t * t * t
        rows.append(((-v + 2 * u - t) / 2, (3 * v - 5 * u + 2) / 2, (-3 * v + 4 * u + t) / 2, (v - u) / 2))
    return tuple(rows)


@lru_cache(maxsize=2048)
def smooth(points: tuple[Point, ...], steps: int) -> tuple[Point, ...]:
    """A closed Catmull-Rom curve through the points, ``steps`` straight pieces between neighbors."""
    curve, n = [], len(points)
    for i in range(n):
        (ax, ay), (bx, by), (cx, cy), (dx, dy) = points[i - 1], points[i], points[(i + 1) % n], points[(i + 2) % n]
        for p, q, r, s in _weights(steps):
            curve.append((p * ax + q * bx + r * cx + s * dx, p * ay + q * by + r * cy + s * dy))
    return tuple(curve)


@lru_cache(maxsize=1)
def _halo() -> Image.Image:
    """A soft round spot, 255 in the middle and nothing at the rim."""
    return Image.radial_gradient("L").resize((64, 64), Image.Resampling.BOX).point(
        lambda v: round(255 * (max(0.0, 1 - v / 180)) ** 2)
    )


def _stretched(column: Image.Image, size: tuple[int, int]) -> Image.Image:
    """A column of paints as a gradient of this size: smooth downwards, merely repeated across, which is fast."""
    return column.resize((1, size[1]), Image.Resampling.BICUBIC).resize(size, Image.Resampling.NEAREST)


class Canvas:
    """Draws on ``image``; with a ``mask`` (an L image of the same size), every solid shape is recorded there too.

    Without ``size`` the coordinates are those of the unit square. With it they are an object's own: the origin is put
    at ``at``, one unit is ``size`` of the side, mirrored if ``mirror``, then turned by ``angle`` radians.
    """

    def __init__(self, image: Image.Image, rng: Random, light: Light, mask: Image.Image | None = None, *,
                 at: Point = (0.0, 0.0), size: float = 1.0, angle: float = 0.0, mirror: bool = False) -> None:
        self.image, self.mask, self.rng, self.light, self.side = image, mask, rng, light, image.width
        self.pen, self.glaze = ImageDraw.Draw(image, "RGB"), ImageDraw.Draw(image, "RGBA")
        self.stencil = ImageDraw.Draw(mask) if mask else None
        self.unit, self.upright = size * self.side, angle == 0.0
        cos, sin, flip = math.cos(angle) * self.unit, math.sin(angle) * self.unit, -1.0 if mirror else 1.0
        self.matrix = (cos * flip, -sin, at[0] * self.side, sin * flip, cos, at[1] * self.side)
        self.steps = max(4, min(16, int(math.sqrt(self.unit) / 3)))

    def moved(self, at: Point, size: float, angle: float = 0.0, mirror: bool = False) -> Canvas:
        """A canvas on the same canvas with its own coordinates, placed in the unit square."""
        return Canvas(self.image, self.rng, self.light, self.mask, at=at, size=size, angle=angle, mirror=mirror)

    def glowing(self) -> Canvas:
        """Return a canvas for objects that emit light, whose color does not depend on the light of the scene."""
        return Canvas(self.image, self.rng, self.light._replace(amount=0.0))

    # Random choices: arithmetic on random() alone, which is the same in every version of Python.

    def between(self, low: float, high: float) -> float:
        """A number between the two."""
        return low + (high - low) * self.rng.random()

    def pick(self, options: Sequence[T]) -> T:
        """One of the options."""
        return options[int(self.rng.random() * len(options))]

    def chance(self, share: float) -> bool:
        """True in this share of the cases."""
        return self.rng.random() < share

    def vary(self, paint: Paint, amount: float = 14.0) -> Color:
        """The paint, a little off in each channel."""
        red, green, blue = (max(0, min(255, int(v + self.between(-amount, amount)))) for v in ink(paint))
        return red, green, blue

    # Shapes. ``alpha`` under 1 glazes over what is there; ``solid=False`` keeps a detail out of the mask.

    def polygon(self, points: Iterable[Point], paint: Paint, alpha: float = 1.0, solid: bool = True) -> None:
        """A filled polygon."""
        a, b, c, d, e, f = self.matrix
        self._fill([(a * x + b * y + c, d * x + e * y + f) for x, y in points], paint, alpha, solid)

    def blob(self, points: Sequence[Point], paint: Paint, alpha: float = 1.0, solid: bool = True) -> None:
        """A smooth closed shape through the points."""
        self.polygon(smooth(tuple(points), self.steps), paint, alpha, solid)

    def ellipse(self, x: float, y: float, rx: float, ry: float, paint: Paint, alpha: float = 1.0, solid: bool = True,
                turn: float = 0.0) -> None:
        """A filled ellipse, turned by ``turn`` radians."""
        count = max(10, min(72, int(6 + 2.4 * math.sqrt(max(rx, ry) * self.unit))))
        if turn:
            cos, sin = math.cos(turn), math.sin(turn)
            points = [(x + rx * u * cos - ry * v * sin, y + rx * u * sin + ry * v * cos) for u, v in circle(count)]
        else:
            points = [(x + rx * u, y + ry * v) for u, v in circle(count)]
        self.polygon(points, paint, alpha, solid)

    def box(self, left: float, top: float, right: float, bottom: float, paint: Paint, alpha: float = 1.0,
            solid: bool = True, round_: float = 0.0) -> None:
        """A filled rectangle, its corners cut round by ``round_``."""
        if round_:
            r, bow = round_, round_ * 0.29
            points = [(left, top + r), (left + bow, top + bow), (left + r, top), (right - r, top),
                      (right - bow, top + bow), (right, top + r), (right, bottom - r), (right - bow, bottom - bow),
                      (right - r, bottom), (left + r, bottom), (left + bow, bottom - bow), (left, bottom - r)]
        else:
            points = [(left, top), (right, top), (right, bottom), (left, bottom)]
        self.polygon(points, paint, alpha, solid)

    def line(self, points: Sequence[Point], width: float, paint: Paint, alpha: float = 1.0, solid: bool = True) -> None:
        """A line through the points, ``width`` thick."""
        a, b, c, d, e, f = self.matrix
        flat, thick = [(a * x + b * y + c, d * x + e * y + f) for x, y in points], max(1, round(width * self.unit))
        color = self.tone(paint)
        if alpha < 1:
            self.glaze.line(flat, (*color, int(alpha * 255)), thick, "curve")
            return
        self.pen.line(flat, color, thick, "curve")
        if self.stencil and solid:
            self.stencil.line(flat, 255, thick, "curve")

    def tone(self, paint: Paint) -> Color:
        """The paint as it looks in the light of the scene."""
        return mix(paint, self.light.tint, self.light.amount)

    def _fill(self, flat: list[Point], paint: Paint, alpha: float, solid: bool) -> None:
        color = self.tone(paint)
        if alpha < 1:
            self.glaze.polygon(flat, (*color, int(alpha * 255)))
            return
        self.pen.polygon(flat, color)
        if self.stencil and solid:
            self.stencil.polygon(flat, 255)

    # Gradients, each made from a few pixels that are stretched.

    def sky(self, *paints: Paint) -> None:
        """The whole canvas, from the first paint at the top to the last at the bottom; not tinted."""
        tiny = Image.new("RGB", (1, len(paints)))
        tiny.putdata([ink(p) for p in paints])
        self.image.paste(_stretched(tiny, self.image.size))

    def fade(self, points: Sequence[Point], top: Paint, bottom: Paint) -> None:
        """A polygon that fades downwards from one paint to the other (unit square coordinates only)."""
        flat = [(x * self.side, y * self.side) for x, y in points]
        left, right = max(0, int(min(x for x, _ in flat))), min(self.side, math.ceil(max(x for x, _ in flat)))
        upper, lower = max(0, int(min(y for _, y in flat))), min(self.side, math.ceil(max(y for _, y in flat)))
        if right <= left or lower <= upper:
            return
        shape = Image.new("1", (right - left, lower - upper))
        ImageDraw.Draw(shape).polygon([(x - left, y - upper) for x, y in flat], 1)
        tiny = Image.new("RGB", (1, 2))
        tiny.putdata([self.tone(top), self.tone(bottom)])
        self.image.paste(_stretched(tiny, shape.size), (left, upper), shape)

    def glow(self, x: float, y: float, radius: float, paint: Paint, alpha: float = 1.0) -> None:
        """A soft round light (unit square coordinates only)."""
        reach = max(1, int(radius * self.side))
        spot = _halo().resize((2 * reach, 2 * reach), Image.Resampling.BILINEAR)
        if alpha < 1:
            spot = spot.point([int(v * alpha) for v in range(256)])
        self.image.paste(ink(paint), (int(x * self.side) - reach, int(y * self.side) - reach), spot)
