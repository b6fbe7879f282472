"""Objects that grow and live: tree, mushroom, fish, bird; drawn like the crafts."""

from __future__ import annotations

import math

from core.scenes.canvas import Canvas, Color, Point, darker, lighter, mix


def tree(canvas: Canvas) -> None:
    """A round leafy tree: a trunk with branches and a crown of clouds of leaves, in any season but winter."""
    leaf = canvas.vary(canvas.pick(("#5aa155", "#7fb64a", "#3f8f63", "#e08a2e", "#d9603f", "#f0a6bd", "#e8b93a",
                                  "#4f9f86")))
    bark = canvas.vary(canvas.pick(("#7a5238", "#8c6244", "#6b4a3f")), 8)
    canvas.blob([(-0.045, -0.05), (0.045, -0.05), (0.055, 0.3), (0.075, 0.42), (0.16, 0.49), (0.0, 0.47), (-0.16, 0.49),
                (-0.075, 0.42), (-0.055, 0.3)], bark)
    canvas.polygon([(0.015, 0.0), (0.05, 0.0), (0.06, 0.3), (0.14, 0.48), (0.04, 0.45)], "#1c1f4a", 0.25)
    for s in (-1, 1):
        canvas.line([(s * 0.01, 0.26), (s * 0.09, 0.17), (s * 0.17, 0.08)], 0.036, bark)
    turn, count = canvas.between(0, math.tau), 8
    lobes = []
    for k in range(count):
        a = turn + k * math.tau / count
        wide = canvas.between(0.15, 0.195)
        lobes.append((0.27 * math.cos(a), -0.15 + 0.185 * math.sin(a), wide))
    lobes.append((0.0, -0.18, 0.25))
    for x, y, r in lobes:
        canvas.ellipse(x, y, r, r, darker(leaf, 0.3))
    for x, y, r in lobes:
        canvas.ellipse(x - 0.025, y - 0.045, r * 0.9, r * 0.86, leaf, solid=False)
    for x, y, r in lobes:
        if y < -0.1 or x < -0.05:
            canvas.ellipse(x * 0.86 - 0.05, y - 0.075, r * 0.62, r * 0.56, lighter(leaf, 0.17), solid=False)
    for x, y, r in lobes:
        if y < -0.14:
            canvas.ellipse(x * 0.8 - 0.08, y - 0.09, r * 0.3, r * 0.22, lighter(leaf, 0.36), solid=False)
    if canvas.chance(0.55):
        fruit = canvas.pick(("#d7263d", "#f4c542", "#fff3dc", "#e4572e"))
        for _ in range(9):
            a, d = canvas.between(0, math.tau), canvas.between(0.08, 0.34)
            x, y = d * math.cos(a), -0.14 + 0.75 * d * math.sin(a)
            canvas.ellipse(x, y, 0.027, 0.027, fruit, solid=False)
            canvas.ellipse(x - 0.008, y - 0.01, 0.009, 0.008, "#ffffff", 0.7)


def mushroom(canvas: Canvas, paint: Color | None = None) -> None:
    """A toadstool with spots, a ring and sometimes a little one next to it; its cap has the ``paint``, if given."""
    own = canvas.vary(canvas.pick(("#d8382f", "#c9543a", "#e08a2e", "#a8577e", "#8c5a3c", "#5f7fb0")))
    cap = paint or own
    if canvas.chance(0.45):
        _toadstool(canvas, cap, 0.3 * canvas.pick((-1, 1)), 0.27, 0.42)
    _toadstool(canvas, cap, 0.0, 0.0, 1.0)


def _toadstool(canvas: Canvas, cap: tuple[int, int, int], x: float, y: float, s: float) -> None:
    def at(*points: Point) -> list[Point]:
        return [(x + s * u, y + s * v) for u, v in points]

    stem = "#f7ead2"
    canvas.blob(at((-0.1, -0.06), (0.1, -0.06), (0.1, 0.2), (0.15, 0.4), (0.1, 0.48), (-0.1, 0.48), (-0.15, 0.4),
                  (-0.1, 0.2)), stem)
    canvas.blob(at((0.02, -0.02), (0.1, -0.02), (0.1, 0.2), (0.15, 0.4), (0.09, 0.48), (0.02, 0.46), (0.07, 0.3),
                  (0.04, 0.15)), "#5b4a6e", 0.25)
    dome = at((-0.48, 0.02), (-0.45, -0.14), (-0.34, -0.3), (-0.16, -0.42), (0.0, -0.45), (0.16, -0.42), (0.34, -0.3),
              (0.45, -0.14), (0.48, 0.02), (0.3, 0.09), (0.0, 0.11), (-0.3, 0.09))
    canvas.blob(dome, cap)
    canvas.blob(at((0.05, -0.44), (0.2, -0.4), (0.36, -0.28), (0.46, -0.12), (0.48, 0.02), (0.3, 0.08), (0.3, -0.1),
                  (0.22, -0.28)), "#1c1f4a", 0.16)
    for u, v, r in ((-0.26, -0.2, 0.062), (-0.06, -0.32, 0.058), (0.02, -0.12, 0.085), (0.2, -0.27, 0.05),
                    (0.31, -0.1, 0.06), (-0.36, -0.05, 0.045), (-0.17, -0.04, 0.04), (0.17, 0.01, 0.034)):
        u, v, r = u + canvas.between(-0.02, 0.02), v + canvas.between(-0.02, 0.02), r * canvas.between(0.8, 1.15)
        canvas.ellipse(x + s * u, y + s * v, s * r * (1 - abs(u) * 0.7), s * r * 0.85, "#fff3e2", solid=False)
    canvas.blob(at((-0.47, 0.03), (-0.3, 0.02), (0.0, 0.035), (0.3, 0.02), (0.47, 0.03), (0.3, 0.1), (0.0, 0.12),
                  (-0.3, 0.1)), "#ecd3b0")
    for k in range(-6, 7):
        canvas.line(at((k * 0.018, 0.04), (k * 0.062, 0.085)), 0.008 * s, "#a98563", 0.6)
    canvas.blob(at((-0.105, 0.08), (0.0, 0.11), (0.105, 0.08), (0.14, 0.16), (0.07, 0.18), (0.0, 0.2), (-0.07, 0.18),
                  (-0.14, 0.16)), "#fff6e6")
    canvas.blob(at((-0.09, 0.1), (0.0, 0.13), (0.09, 0.1), (0.05, 0.2), (-0.05, 0.2)), "#5b4a6e", 0.1)
    canvas.ellipse(x - 0.25 * s, y - 0.31 * s, 0.09 * s, 0.03 * s, "#ffffff", 0.35, turn=-0.65)


def fish(canvas: Canvas, paint: Color | None = None) -> None:
    """A round reef fish with stripes or scales, in the ``paint``, if given."""
    own = canvas.vary(canvas.pick(("#f08a3c", "#3fa7b5", "#e8b93a", "#e0628a", "#5b7fd1", "#6ab187", "#d8503f")))
    scale = paint or own
    fin = canvas.vary(mix(scale, canvas.pick(("#7b2d4f", "#24476b", "#fff0c0")), 0.45))
    canvas.blob([(-0.24, 0.0), (-0.36, -0.12), (-0.49, -0.22), (-0.46, -0.06), (-0.43, 0.0), (-0.46, 0.07),
                (-0.49, 0.24), (-0.36, 0.14)], fin)
    canvas.blob([(-0.2, -0.14), (-0.16, -0.3), (0.0, -0.36), (0.16, -0.26), (0.2, -0.14)], fin)
    canvas.blob([(-0.14, 0.16), (-0.16, 0.3), (-0.04, 0.31), (0.08, 0.2)], fin)
    for k in range(4):
        canvas.line([(-0.12 + 0.07 * k, -0.15), (-0.12 + 0.06 * k, -0.3)], 0.008, darker(fin, 0.4), 0.5)
        canvas.line([(-0.3, 0.0), (-0.46, -0.15 + 0.1 * k)], 0.008, darker(fin, 0.4), 0.5)
    body = ((-0.3, 0.0), (-0.2, -0.12), (0.0, -0.225), (0.22, -0.19), (0.39, -0.09), (0.46, 0.015), (0.38, 0.11),
            (0.2, 0.2), (0.0, 0.225), (-0.2, 0.11))
    canvas.blob(body, scale)
    canvas.blob([(-0.3, 0.02), (0.0, 0.09), (0.3, 0.06), (0.45, 0.03), (0.38, 0.11), (0.2, 0.2), (0.0, 0.225),
                (-0.2, 0.11)], "#fff2d8", 0.55)
    if canvas.chance(0.55):
        band = canvas.pick(("#fff5e6", "#2b2d5a", "#fbe08a"))
        for x, high in ((0.14, 0.2), (-0.03, 0.215), (-0.18, 0.12)):
            canvas.blob([(x, -high), (x + 0.045, -high), (x + 0.075, 0.0), (x + 0.045, high), (x, high),
                        (x + 0.03, 0.0)], band, solid=False)
    else:
        for i in range(4):
            for j in range(4):
                x, y = -0.17 + 0.085 * i + 0.04 * (j % 2), -0.11 + 0.07 * j
                canvas.ellipse(x, y, 0.026, 0.032, darker(scale, 0.3), 0.35)
                canvas.ellipse(x - 0.008, y, 0.024, 0.029, lighter(scale, 0.3), 0.6)
    canvas.line([(0.215, -0.15), (0.25, -0.06), (0.25, 0.05), (0.21, 0.14)], 0.016, darker(scale, 0.4), 0.7)
    canvas.blob([(0.1, 0.03), (0.0, 0.0), (-0.09, 0.06), (-0.06, 0.13), (0.05, 0.11)], fin)
    canvas.ellipse(0.32, -0.045, 0.048, 0.048, "#ffffff")
    canvas.ellipse(0.33, -0.04, 0.03, 0.03, "#22223b")
    canvas.ellipse(0.32, -0.052, 0.011, 0.011, "#ffffff")
    canvas.line([(0.44, 0.05), (0.4, 0.065), (0.37, 0.06)], 0.013, darker(scale, 0.6), solid=False)
    canvas.ellipse(0.02, -0.14, 0.13, 0.025, "#ffffff", 0.35, turn=-0.08)


def bird(canvas: Canvas, paint: Color | None = None) -> None:
    """A plump songbird, perched or with a lifted wing; its coat has the ``paint``, if given."""
    own = canvas.vary(canvas.pick(("#3f7fbf", "#c8503c", "#7a6a5a", "#4c9f8f", "#e0a030", "#6b5fa8", "#5f8f4a")))
    coat = paint or own
    breast = canvas.vary(canvas.pick(("#fbe3c0", "#f4a261", "#fff5e6", "#f7c59f", "#f28482")))
    wing = darker(coat, 0.3)
    canvas.blob([(-0.2, 0.08), (-0.34, 0.1), (-0.5, 0.2), (-0.49, 0.28), (-0.36, 0.26), (-0.16, 0.24)], wing)
    canvas.line([(-0.48, 0.24), (-0.2, 0.15)], 0.01, lighter(coat, 0.3), 0.7)
    for x in (0.0, 0.1):
        canvas.line([(x, 0.3), (x + 0.015, 0.43)], 0.022, "#c9772f")
        canvas.line([(x - 0.05, 0.44), (x + 0.015, 0.43), (x + 0.075, 0.44)], 0.02, "#c9772f")
    if canvas.chance(0.35):
        canvas.polygon([(0.1, -0.32), (0.03, -0.47), (0.16, -0.4), (0.2, -0.34)], coat)
    canvas.polygon([(0.37, -0.25), (0.51, -0.175), (0.37, -0.14)], "#f2a02f")
    canvas.polygon([(0.37, -0.18), (0.51, -0.175), (0.37, -0.14)], "#c9772f", solid=False)
    canvas.blob([(0.18, -0.385), (0.32, -0.34), (0.395, -0.22), (0.36, -0.1), (0.35, 0.05), (0.28, 0.22), (0.1, 0.335),
                (-0.1, 0.32), (-0.27, 0.2), (-0.26, 0.06), (-0.12, -0.08), (0.02, -0.2), (0.06, -0.32)], coat)
    canvas.blob([(0.37, -0.09), (0.36, 0.05), (0.28, 0.22), (0.1, 0.335), (-0.06, 0.33), (0.0, 0.22), (0.12, 0.08),
                (0.22, -0.05)], breast, solid=False)
    if canvas.chance(0.4):
        canvas.blob([(0.1, 0.06), (-0.08, -0.1), (-0.2, -0.3), (-0.3, -0.48), (-0.36, -0.34), (-0.4, -0.2),
                    (-0.36, -0.04), (-0.24, 0.1), (-0.06, 0.17)], wing)
        for k in range(3):
            canvas.line([(-0.05 - 0.06 * k, 0.06), (-0.26 - 0.03 * k, -0.32 + 0.12 * k)], 0.014, lighter(coat, 0.35),
                       0.6)
    else:
        canvas.blob([(0.12, -0.04), (0.15, 0.08), (0.04, 0.2), (-0.14, 0.24), (-0.36, 0.23), (-0.22, 0.1),
                    (-0.04, -0.06)], wing)
        for k in range(3):
            canvas.line([(0.08 - 0.09 * k, 0.04 + 0.05 * k), (-0.04 - 0.1 * k, 0.16 + 0.02 * k)], 0.014,
                       lighter(coat, 0.35), 0.7)
    canvas.ellipse(0.25, -0.13, 0.05, 0.035, "#f28482", 0.4)
    canvas.ellipse(0.265, -0.235, 0.048, 0.048, lighter(coat, 0.6), solid=False)
    canvas.ellipse(0.275, -0.235, 0.032, 0.034, "#22223b")
    canvas.ellipse(0.265, -0.248, 0.011, 0.011, "#ffffff")
