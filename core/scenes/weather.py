"""The sky: times of day, sun, moon, clouds and stars."""

from __future__ import annotations

import math

from core.scenes.canvas import Canvas, Light, Paint, lighter, mix

DAWN = Light("#7fa3d6", "#f3c3c6", "#ffe9cf", "#fff3d6", "#ffb9a0", 0.13)
DAY = Light("#3f9bdc", "#93d0f1", "#e6f7fa", "#fff9d6", "#fff6d8", 0.05)
TEAL = Light("#2a8c9f", "#8ccfc3", "#f8efc8", "#fff5cf", "#a8dcc8", 0.10)
GOLDEN = Light("#5b9ac6", "#f8d59d", "#ffb76c", "#fff0b8", "#ff9d4a", 0.13)
DUSK = Light("#37387c", "#a85c9e", "#ffae8c", "#ffdca8", "#443c9c", 0.3)
EVENING = DUSK._replace(tint="#ffb36b", amount=0.12)  # at dusk behind lit windows
MIST = Light("#9db8c6", "#cbdcde", "#f1f2ea", "#ffffff", "#cfdde0", 0.16)
NIGHT = Light("#0c1440", "#272f70", "#6552a0", "#fdf3cf", "#2a2f7e", 0.30)


def sky(canvas: Canvas, horizon: float) -> None:
    """The sky down to the horizon, with a soft sun where there is one."""
    light = canvas.light
    canvas.sky(light.top, mix(light.top, light.middle, 0.6), light.middle, mix(light.middle, light.bottom, 0.8),
              light.bottom, light.bottom)
    x, y = canvas.between(0.1, 0.9), horizon - canvas.between(0.12, 0.42)
    if light in (DUSK, GOLDEN):
        y = horizon - canvas.between(0.02, 0.16)
    if light is not NIGHT:
        canvas.glow(x, y, 0.36, light.sun, 0.8)
    if light not in (MIST, NIGHT):
        radius = canvas.between(0.045, 0.07)
        canvas.glowing().ellipse(x, y, radius, radius, lighter(light.sun, 0.3))


def cloud(canvas: Canvas, x: float, y: float, width: float, paint: Paint, alpha: float = 1.0) -> None:
    """A flat-bottomed cloud of a few puffs, lit from above."""
    puffs = [(-0.32, -0.09, 0.14), (-0.1, -0.17, 0.19), (0.16, -0.13, 0.16), (0.35, -0.07, 0.11)]
    puffs = [(u, v, r * canvas.between(0.85, 1.15)) for u, v, r in puffs]
    for dy, color in ((0.0, mix(paint, canvas.light.middle, 0.35)), (-0.028, lighter(paint, 0.3))):
        for u, v, r in puffs:
            canvas.ellipse(x + width * u, y + width * (v + dy), width * r, width * r, color, alpha)
        if dy == 0.0:
            canvas.box(x - width * 0.5, y - width * 0.13, x + width * 0.5, y, color, alpha, round_=width * 0.06)


def clouds(canvas: Canvas, horizon: float, most: int = 3) -> None:
    """A few clouds, smaller toward the horizon."""
    paint, canvas = mix("#ffffff", canvas.light.bottom, 0.2), canvas.glowing()
    for _ in range(int(canvas.between(1, most + 1))):
        y = canvas.between(0.1, max(0.14, horizon - 0.12))
        cloud(canvas, canvas.between(0.0, 1.0), y, canvas.between(0.16, 0.3) * (1.15 - 0.6 * y), paint)


def stars(canvas: Canvas, count: int, floor: float) -> None:
    """Stars down to ``floor``, a few of them bright with four rays."""
    canvas = canvas.glowing()
    for k in range(count):
        x, y, r = canvas.between(0, 1), canvas.between(0, floor), canvas.between(0.0018, 0.0042)
        color = canvas.pick(("#ffffff", "#fff1c9", "#cfe0ff"))
        if k % 9 == 0:
            r *= 3.2
            canvas.polygon([(x, y - r), (x + r * 0.2, y - r * 0.2), (x + r, y), (x + r * 0.2, y + r * 0.2), (x, y + r),
                           (x - r * 0.2, y + r * 0.2), (x - r, y), (x - r * 0.2, y - r * 0.2)], color)
        else:
            canvas.box(x - r, y - r, x + r, y + r, color, round_=r * 0.6)


def moon(canvas: Canvas, x: float, y: float, radius: float) -> None:
    """A full moon with craters, or a crescent."""
    canvas.glow(x, y, radius * 3.6, "#cdbcf5", 0.55)
    canvas = canvas.glowing()
    if canvas.chance(0.5):
        canvas.ellipse(x, y, radius, radius, "#fff4d2")
        for u, v, r in ((-0.35, -0.2, 0.22), (0.3, 0.3, 0.26), (0.25, -0.42, 0.14), (-0.2, 0.5, 0.13)):
            canvas.ellipse(x + radius * u, y + radius * v, radius * r, radius * r, "#e0cfae")
    else:
        arc = [math.radians(d) for d in range(52, 309, 16)]
        inner = [(math.cos(arc[0]) - 0.85 * math.sqrt(1 - v * v), math.sin(arc[-1]) * v)
                 for v in (-k / 8 for k in range(-8, 9))]
        cos, sin = math.cos(-0.6), math.sin(-0.6)
        outline = [(math.cos(t), math.sin(t)) for t in arc] + inner
        canvas.polygon([(x + radius * (u * cos - v * sin), y + radius * (u * sin + v * cos)) for u, v in outline],
                      "#fff4d2")
