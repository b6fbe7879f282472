"""Small distractors that do not affect the class: stones, flowers, lamps, parts of objects, foot covers; and tags.

A prop is drawn in its own coordinates, -0.5 to 0.5. A part (a wheel, a mast) is never enough to be the whole object.
"""

from __future__ import annotations

import math

from core.scenes.canvas import Canvas, darker, lighter, mix

WOOD = "#a9744f"
TAGS = ("#e63946", "#f4a261", "#ffd166", "#06a77d", "#118ab2", "#7353ba", "#ef6f9f", "#8d6a4f", "#2b2d42", "#f1faee")


def stone(canvas: Canvas) -> None:
    """Two gray stones."""
    gray = canvas.vary(canvas.pick(("#9a9aa6", "#a8988c", "#8a94a3")))
    for x, y, s in ((0.22, 0.22, 0.5), (-0.1, 0.1, 0.85)):
        canvas.blob([(x - 0.5 * s, y + 0.28 * s), (x - 0.42 * s, y - 0.1 * s), (x - 0.1 * s, y - 0.36 * s),
                    (x + 0.3 * s, y - 0.24 * s),
                    (x + 0.5 * s, y + 0.1 * s), (x + 0.44 * s, y + 0.3 * s)], darker(gray, 0.25))
        canvas.blob([(x - 0.44 * s, y + 0.1 * s), (x - 0.38 * s, y - 0.12 * s), (x - 0.1 * s, y - 0.32 * s),
                    (x + 0.22 * s, y - 0.22 * s),
                    (x + 0.2 * s, y + 0.04 * s), (x - 0.1 * s, y + 0.16 * s)], lighter(gray, 0.25))


def flower(canvas: Canvas) -> None:
    """A single flower with two leaves."""
    paint = canvas.pick(("#e0628a", "#f4c542", "#ffffff", "#e4572e", "#8f7fd6"))
    canvas.line([(0.0, -0.1), (0.03, 0.2), (0.0, 0.5)], 0.05, "#4f8f4f")
    for s in (-1, 1):
        canvas.ellipse(s * 0.14, 0.28, 0.15, 0.05, "#5fa05a", turn=-s * 0.6)
    for k in range(6):
        canvas.ellipse(0.17 * math.cos(k * math.pi / 3), -0.22 + 0.17 * math.sin(k * math.pi / 3), 0.11, 0.11, paint)
    canvas.ellipse(0.0, -0.22, 0.1, 0.1, "#fbe08a" if paint != "#f4c542" else "#a8623a")


def lamp(canvas: Canvas) -> None:
    """A street lamp, alight."""
    canvas.line([(0.0, 0.5), (0.0, -0.2)], 0.05, "#3f4660")
    canvas.box(-0.08, 0.44, 0.08, 0.5, "#3f4660")
    canvas.ellipse(0.0, -0.32, 0.22, 0.22, "#fff0b0", 0.3)
    canvas.polygon([(-0.07, -0.2), (-0.11, -0.4), (0.11, -0.4), (0.07, -0.2)], "#ffe28a")
    canvas.polygon([(-0.13, -0.39), (0.0, -0.5), (0.13, -0.39)], "#3f4660")


def sign(canvas: Canvas) -> None:
    """A wooden signpost with two boards."""
    canvas.box(-0.035, -0.45, 0.035, 0.5, darker(WOOD, 0.2))
    canvas.polygon([(-0.3, -0.38), (0.24, -0.38), (0.36, -0.29), (0.24, -0.2), (-0.3, -0.2)], lighter(WOOD, 0.2))
    canvas.polygon([(0.28, -0.12), (-0.2, -0.12), (-0.32, -0.03), (-0.2, 0.06), (0.28, 0.06)], WOOD)


def wheel(canvas: Canvas) -> None:
    """A wheel without its car."""
    canvas.ellipse(0.0, 0.0, 0.42, 0.42, "#34364a")
    canvas.ellipse(0.0, 0.0, 0.26, 0.26, "#d9dde3")
    for k in range(5):
        canvas.line([(0.0, 0.0), (0.25 * math.cos(k * 1.257), 0.25 * math.sin(k * 1.257))], 0.06, "#8a8fa0")
    canvas.ellipse(0.0, 0.0, 0.08, 0.08, "#34364a")


def mast(canvas: Canvas) -> None:
    """A mast with a pennant and no boat."""
    canvas.line([(0.0, 0.5), (0.0, -0.5)], 0.05, "#8a5a3a")
    canvas.polygon([(0.02, -0.48), (0.36, -0.37), (0.02, -0.26)], canvas.pick(("#e4572e", "#2a9d8f", "#f2a541")))


def feather(canvas: Canvas) -> None:
    """A feather without its bird."""
    paint = canvas.vary(canvas.pick(("#6f9fc8", "#c8a06f", "#d9d3e8", "#8fb58a")))
    canvas.blob([(0.4, -0.42), (0.2, -0.42), (-0.1, -0.16), (-0.26, 0.16), (-0.06, 0.12), (0.24, -0.1)], paint)
    canvas.line([(0.36, -0.38), (0.0, 0.02), (-0.4, 0.44)], 0.035, lighter(paint, 0.5))


def leaf(canvas: Canvas) -> None:
    """A fallen leaf."""
    paint = canvas.vary(canvas.pick(("#d9803f", "#c85a3f", "#e0b040", "#6fa85a")))
    canvas.blob([(0.42, -0.3), (0.1, -0.3), (-0.22, -0.06), (-0.28, 0.22), (0.04, 0.2), (0.3, 0.0)], paint)
    canvas.line([(0.34, -0.22), (-0.2, 0.14), (-0.42, 0.34)], 0.035, darker(paint, 0.3))


def basket(canvas: Canvas) -> None:
    """A wicker basket without its balloon."""
    canvas.box(-0.32, -0.14, 0.32, 0.36, "#b98550", round_=0.1)
    for y in (0.02, 0.18):
        canvas.line([(-0.3, y), (0.3, y)], 0.035, "#7f5430", 0.6)
    canvas.box(-0.38, -0.2, 0.38, -0.08, "#8f6238", round_=0.05)


def ring(canvas: Canvas) -> None:
    """A lifebuoy without its boat."""
    for k in range(8):
        a, b = k * math.pi / 4, (k + 1) * math.pi / 4
        arc = [a + (b - a) * t / 3 for t in range(4)]
        outer = [(0.42 * math.cos(t), 0.42 * math.sin(t)) for t in arc]
        inner = [(0.22 * math.cos(t), 0.22 * math.sin(t)) for t in reversed(arc)]
        canvas.polygon(outer + inner, ("#f4efe6", "#e4572e")[k % 2])


def crate(canvas: Canvas) -> None:
    """A wooden crate."""
    canvas.box(-0.36, -0.3, 0.36, 0.4, WOOD)
    for y in (-0.3, -0.06, 0.18):
        canvas.box(-0.36, y, 0.36, y + 0.2, lighter(WOOD, 0.2))
    for x in (-0.36, 0.24):
        canvas.box(x, -0.3, x + 0.12, 0.4, darker(WOOD, 0.12))


def chimney(canvas: Canvas) -> None:
    """A brick chimney without its house."""
    brick = canvas.vary("#b5654f")
    canvas.box(-0.24, -0.3, 0.24, 0.45, brick)
    canvas.box(0.08, -0.3, 0.24, 0.45, "#1c1f4a", 0.2)
    for k in range(5):
        canvas.box(-0.2 + 0.2 * (k % 2), -0.16 + 0.12 * k, 0.02 + 0.2 * (k % 2), -0.09 + 0.12 * k, lighter(brick, 0.3))
    canvas.box(-0.3, -0.38, 0.3, -0.26, darker(brick, 0.25))


LAND = (stone, stone, stone, flower, flower, flower, leaf, feather, lamp, sign, wheel, mast, basket, ring, crate,
        chimney)
SPECIAL = {
    "sea": (ring, ring, crate, basket, mast, leaf, feather),
    "night sky": (stone, stone, feather, leaf, wheel, ring, basket),
    "indoors": (crate, basket, wheel, ring, feather, leaf, flower),
}
AIRY = (feather, leaf)
TALL = (lamp, sign, mast)


# In front of the foot of an object: it grounds the object, and hides a sliver of it.


def grass(canvas: Canvas, width: float) -> None:
    """A fringe of grass along the foot, ``width`` to both sides (in the object's own units)."""
    green = canvas.vary(canvas.pick(("#5f9f52", "#4f8f5a", "#6fa850")), 8)
    blades = 13
    for k in range(blades):
        x = width * (2 * (k + 0.5) / blades - 1) + canvas.between(-0.03, 0.03)
        h, lean = canvas.between(0.05, 0.11), canvas.between(-0.04, 0.04)
        canvas.polygon([(x - 0.03, 0.03), (x - 0.012 + lean, -h * 0.6), (x + lean, -h), (x + 0.03, 0.03)],
                      mix(green, "#2f6f4a", 0.12 * (k % 3)))


def drift(canvas: Canvas, width: float, paint: str) -> None:
    """A low mound of snow or sand along the foot."""
    canvas.blob([(-width * 1.15, 0.04), (-width * 0.7, -0.035), (-width * 0.2, -0.012), (width * 0.35, -0.04),
                (width * 1.1, 0.04), (0.0, 0.065)], paint)


def ripples(canvas: Canvas, width: float) -> None:
    """Rings of foam where an object meets the water."""
    for k, (x, w) in enumerate(((0.0, 1.1), (-0.2, 0.7), (0.3, 0.5))):
        y = -0.012 + 0.035 * k
        canvas.blob([(width * (x - w), y), (width * x, y - 0.016), (width * (x + w), y), (width * x, y + 0.016)],
                   "#f2fcff")


def tag(canvas: Canvas, index: int) -> None:
    """A round badge, 10 % of the side, whose color and sign stand for the class ``index``."""
    paint = TAGS[index]
    canvas.ellipse(0.0, 0.0, 0.5, 0.5, "#ffffff")
    canvas.ellipse(0.0, 0.0, 0.42, 0.42, paint)
    dark = "#ffffff" if index not in (2, 9) else "#2b2d42"
    corners = 3 + index % 5  # five polygons, then the same as stars
    radii = (0.27,) if index < 5 else (0.3, 0.13)
    count = corners * len(radii)
    rays = [(radii[k % len(radii)], k * math.tau / count) for k in range(count)]
    canvas.polygon([(r * math.sin(a), -r * math.cos(a)) for r, a in rays], dark)
