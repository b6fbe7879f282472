"""Cues of tasks: sun, moon, star, frame, flag and ball; and the fruit at the end of a trail.

Each is drawn in its own coordinates, about -0.5 to 0.5 with y downwards, like the objects.
"""

from __future__ import annotations

import math

from core.scenes.canvas import Canvas, Color, Paint, Point, circle, darker, lighter

GOLD = "#f7b32b"
FRAME = "#27215c"


def sun(canvas: Canvas) -> None:
    """A sun with rays and a face."""
    rays = [(r * x, r * y) for k, (x, y) in enumerate(circle(24)) for r in ((0.5, 0.36)[k % 2],)]
    canvas.polygon(rays, "#f59a23")
    canvas.ellipse(0.0, 0.0, 0.31, 0.31, "#ffd23f")
    canvas.ellipse(-0.08, -0.09, 0.14, 0.11, "#ffffff", 0.35)
    for x in (-0.1, 0.1):
        canvas.ellipse(x, -0.03, 0.03, 0.04, "#7a4a12")
    canvas.line([(-0.1, 0.1), (-0.04, 0.14), (0.04, 0.14), (0.1, 0.1)], 0.03, "#7a4a12")


def moon(canvas: Canvas) -> None:
    """A crescent with two stars on a round piece of night."""
    canvas.ellipse(0.0, 0.0, 0.47, 0.47, "#2a2f6b")
    canvas.ellipse(-0.05, 0.02, 0.33, 0.33, "#fdf3c7")
    canvas.ellipse(0.1, -0.05, 0.28, 0.28, "#2a2f6b")
    for x, y, size in ((0.2, -0.17, 0.07), (0.14, 0.13, 0.05)):
        canvas.polygon(spikes(x, y, size, size * 0.4), "#fdf3c7")


def spikes(x: float, y: float, out: float, inside: float) -> list[Point]:
    """The corners of a five-pointed star around (x, y)."""
    corners = (math.pi * (k / 5 - 0.5) for k in range(10))
    return [
        (x + (out, inside)[k % 2] * math.cos(angle), y + (out, inside)[k % 2] * math.sin(angle))
        for k, angle in enumerate(corners)
    ]


def star(canvas: Canvas) -> None:
    """A golden star."""
    canvas.polygon(spikes(0.0, 0.04, 0.54, 0.24), "#e08e0b")
    canvas.polygon(spikes(0.0, 0.03, 0.46, 0.2), GOLD)
    canvas.polygon(spikes(-0.03, -0.01, 0.26, 0.11), "#ffe39a")


def frame(canvas: Canvas) -> None:
    """A square frame, open in the middle."""
    for low, high, paint in ((0.38, 0.5, FRAME), (0.42, 0.45, "#8f86d8")):
        canvas.box(-high, -high, high, -low, paint)
        canvas.box(-high, low, high, high, paint)
        canvas.box(-high, -high, -low, high, paint)
        canvas.box(low, -high, high, high, paint)


def flag(canvas: Canvas, paint: Paint) -> None:
    """A large flag on its pole."""
    canvas.line([(-0.4, 0.5), (-0.4, -0.46)], 0.07, "#6d4c3b")
    hem = [(0.48, 0.38), (0.04, 0.42), (-0.37, 0.38)]
    canvas.blob([(-0.37, -0.47), (0.04, -0.42), (0.48, -0.47), (0.46, -0.04), *hem], paint)
    canvas.blob([(-0.37, 0.24), (0.04, 0.28), (0.47, 0.24), *hem], darker(paint, 0.3), 0.5)
    canvas.ellipse(-0.4, -0.47, 0.06, 0.06, GOLD)


def ball(canvas: Canvas, paint: Paint) -> None:
    """A ball."""
    canvas.ellipse(0.0, 0.0, 0.46, 0.46, darker(paint, 0.16))
    canvas.ellipse(-0.03, -0.04, 0.4, 0.4, paint)
    canvas.ellipse(-0.14, -0.17, 0.14, 0.1, "#ffffff", 0.55, turn=-0.6)


def fruit(canvas: Canvas, name: str) -> None:
    """A fruit of that name, on a plate."""
    canvas.ellipse(0.0, 0.0, 0.5, 0.5, "#d5dbe6")
    canvas.ellipse(0.0, 0.0, 0.46, 0.46, "#fbfcff")
    _FRUIT[name](canvas)


def _apple(canvas: Canvas) -> None:
    red = "#d62839"
    canvas.line([(0.0, -0.1), (0.05, -0.36)], 0.05, "#6d4c3b", solid=False)
    canvas.ellipse(0.15, -0.27, 0.13, 0.06, "#4c9f50", solid=False, turn=-0.5)
    for x in (-0.11, 0.11):
        canvas.ellipse(x, 0.04, 0.2, 0.25, red, solid=False)
    _shine(canvas, -0.14, -0.06)


def _banana(canvas: Canvas) -> None:
    peel = [
        (-0.34, -0.2),
        (-0.24, 0.06),
        (0.0, 0.2),
        (0.28, 0.14),
        (0.37, 0.02),
        (0.4, 0.12),
        (0.3, 0.3),
        (0.0, 0.38),
        (-0.28, 0.22),
        (-0.4, -0.08),
    ]
    canvas.blob(peel, "#f6c324", solid=False)
    canvas.line([(-0.35, -0.08), (-0.2, 0.19), (0.02, 0.29), (0.3, 0.22)], 0.03, "#c98a12", 0.7)
    canvas.ellipse(0.385, 0.06, 0.04, 0.06, "#6d4c3b", solid=False)
    canvas.ellipse(-0.36, -0.18, 0.04, 0.06, "#6d4c3b", solid=False)


def _pear(canvas: Canvas) -> None:
    canvas.line([(0.0, -0.2), (0.04, -0.4)], 0.05, "#6d4c3b", solid=False)
    canvas.blob(
        [
            (0.0, -0.32),
            (0.12, -0.22),
            (0.16, -0.02),
            (0.28, 0.14),
            (0.22, 0.34),
            (0.0, 0.4),
            (-0.22, 0.34),
            (-0.28, 0.14),
            (-0.16, -0.02),
            (-0.12, -0.22),
        ],
        "#8cc152",
        solid=False,
    )
    _shine(canvas, -0.1, 0.08)


def _grapes(canvas: Canvas) -> None:
    purple: Color = (122, 60, 168)
    canvas.line([(0.0, -0.2), (0.02, -0.4)], 0.05, "#6d4c3b", solid=False)
    for row, count in enumerate((3, 4, 3, 2, 1)):
        for k in range(count):
            x, y = 0.155 * (k - (count - 1) / 2), -0.17 + 0.13 * row
            canvas.ellipse(x, y, 0.1, 0.1, darker(purple, 0.25), solid=False)
            canvas.ellipse(x - 0.015, y - 0.02, 0.08, 0.08, lighter(purple, 0.12), solid=False)


def _orange(canvas: Canvas) -> None:
    canvas.ellipse(0.0, 0.03, 0.31, 0.31, "#f08a24", solid=False)
    canvas.ellipse(0.1, -0.28, 0.12, 0.05, "#4c9f50", solid=False, turn=-0.4)
    for x, y in ((-0.1, 0.12), (0.08, 0.16), (0.14, 0.02), (-0.02, 0.22)):
        canvas.ellipse(x, y, 0.02, 0.02, "#c96a12", solid=False)
    _shine(canvas, -0.12, -0.06)


def _melon(canvas: Canvas) -> None:
    for radius, paint in ((0.4, "#2f8f4e"), (0.35, "#e9f5d8"), (0.31, "#ee5a62")):
        slice_ = [(radius * math.cos(k * math.pi / 12), radius * math.sin(k * math.pi / 12) - 0.12) for k in range(13)]
        canvas.polygon(slice_, paint, solid=False)
    for x, y in ((-0.16, -0.05), (0.0, 0.0), (0.16, -0.05), (-0.08, 0.08), (0.09, 0.08)):
        canvas.ellipse(x, y, 0.022, 0.03, "#3a2430", solid=False)


def _cherries(canvas: Canvas) -> None:
    for x, y in ((-0.17, 0.16), (0.18, 0.2)):
        canvas.line([(0.04, -0.34), (x * 0.7, -0.06), (x, y)], 0.04, "#5c7a34", solid=False)
    canvas.ellipse(0.16, -0.31, 0.14, 0.06, "#4c9f50", solid=False, turn=0.3)
    for x, y in ((-0.17, 0.16), (0.18, 0.2)):
        canvas.ellipse(x, y, 0.15, 0.15, "#a3123c", solid=False)
        canvas.ellipse(x - 0.05, y - 0.05, 0.04, 0.05, "#ffffff", 0.5)


def _blueberries(canvas: Canvas) -> None:
    for x, y in ((-0.16, 0.12), (0.16, 0.12), (0.0, -0.14)):
        canvas.ellipse(x, y, 0.17, 0.17, "#3b4f9e", solid=False)
        canvas.ellipse(x - 0.04, y - 0.05, 0.06, 0.05, "#8ea2e6", 0.8)
        canvas.polygon(spikes(x + 0.03, y + 0.02, 0.06, 0.03), "#22306e", solid=False)


def _shine(canvas: Canvas, x: float, y: float) -> None:
    canvas.ellipse(x, y, 0.07, 0.1, "#ffffff", 0.4, turn=0.4)


_FRUIT = {
    "apple": _apple,
    "banana": _banana,
    "pear": _pear,
    "grapes": _grapes,
    "orange": _orange,
    "melon": _melon,
    "cherries": _cherries,
    "blueberries": _blueberries,
}
FRUIT: tuple[str, ...] = tuple(_FRUIT)
"""The names of all fruit."""
