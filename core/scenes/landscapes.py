"""The backgrounds under the open sky: meadow, sea, desert, night, snow, forest, hills, beach."""

from __future__ import annotations

import math

from core.scenes.canvas import Canvas, Paint, Point, darker, lighter, mix
from core.scenes.weather import DUSK, clouds, moon, sky, stars


def ridge(canvas: Canvas, y: float, height: float, waves: float = 1.5, top: float = 0.0) -> list[Point]:
    """The outline of a rolling hill across the canvas, closed along the bottom; ``top`` lifts its middle."""
    a, b, points = canvas.between(0, math.tau), canvas.between(0, math.tau), []
    for k in range(33):
        x = -0.02 + 1.04 * k / 32
        wave = math.sin(a + waves * math.tau * x) * 0.7 + math.sin(b + waves * 2.3 * math.tau * x) * 0.3
        points.append((x, y - height * wave - top * math.sin(math.pi * x)))
    return [*points, (1.02, 1.02), (-0.02, 1.02)]


def hill(canvas: Canvas, y: float, height: float, paint: Paint, waves: float = 1.5, haze: float = 0.25) -> list[Point]:
    """A hill with a sunlit crest that darkens downwards."""
    outline = ridge(canvas, y, height, waves)
    far = canvas.light.middle if canvas.light is DUSK else canvas.light.bottom
    canvas.fade(outline, lighter(mix(paint, far, haze * 0.4), 0.18), darker(paint, 0.12))
    return outline


def tufts(canvas: Canvas, top: float, count: int, paint: Paint) -> None:
    """Tufts of grass, larger toward the viewer."""
    for _ in range(count):
        y = canvas.between(top, 0.98)
        x, s = canvas.between(0, 1), 0.012 + 0.035 * (y - top) / (1.0 - top)
        canvas.polygon([(x - s * 0.6, y), (x - s * 0.7, y - s), (x - s * 0.15, y - s * 0.3), (x, y - s * 1.3),
                       (x + s * 0.2, y - s * 0.3), (x + s * 0.8, y - s * 0.9), (x + s * 0.6, y)], paint)


def blossoms(canvas: Canvas, top: float, count: int) -> None:
    """Flowers strewn over the ground, larger toward the viewer."""
    paint = canvas.pick(
        (("#ffffff", "#ffd94a"), ("#f7a8c4", "#fff3c4"), ("#ffd94a", "#e8842e"), ("#b79bea", "#fff3c4"))
    )
    for _ in range(count):
        y = canvas.between(top, 0.98)
        x, s = canvas.between(0, 1), 0.004 + 0.011 * (y - top) / (1.0 - top)
        for u, v in ((-1, 0), (1, 0), (0, -0.8), (0, 0.8)):
            canvas.ellipse(x + s * u, y + s * v, s * 0.85, s * 0.75, paint[0])
        canvas.ellipse(x, y, s * 0.6, s * 0.55, paint[1])


def meadow(canvas: Canvas, horizon: float) -> None:
    """Grass and flowers before soft hills."""
    green = canvas.vary(canvas.pick(("#7cb85c", "#8fc05a", "#64ab6b")), 10)
    sky(canvas, horizon)
    clouds(canvas, horizon)
    hill(canvas, horizon - 0.05, 0.035, mix(green, canvas.light.middle, 0.55), 1.2)
    hill(canvas, horizon, 0.03, mix(green, canvas.light.middle, 0.28), 1.7)
    hill(canvas, horizon + 0.08, 0.018, green, 1.1)
    hill(canvas, horizon + 0.24, 0.02, darker(green, 0.06), 0.8, 0.0)
    tufts(canvas, horizon + 0.1, 22, darker(green, 0.22))
    blossoms(canvas, horizon + 0.12, 22)


def sea(canvas: Canvas, horizon: float) -> None:
    """Open water with waves and the sun's path, an island far away."""
    sky(canvas, horizon)
    clouds(canvas, horizon)
    far = mix("#3fa0bf", canvas.light.bottom, 0.3)
    if canvas.chance(0.6):
        x, w = canvas.between(0.1, 0.9), canvas.between(0.1, 0.22)
        canvas.blob([(x - w, horizon + 0.01), (x - w * 0.5, horizon - 0.035), (x - w * 0.1, horizon - 0.03),
                    (x + w * 0.3, horizon - 0.06), (x + w, horizon + 0.01)], mix("#4f7f8f", canvas.light.bottom, 0.4))
    deep = canvas.vary(canvas.pick(("#1f6f9f", "#23809a", "#2a5f9f")), 8)
    canvas.fade([(0, horizon), (1, horizon), (1, 1), (0, 1)], far, deep)
    x = canvas.between(0.2, 0.8)
    for k in range(9):
        y = horizon + 0.008 + 0.4 * (1 - horizon) * (k / 9) ** 1.3
        w = canvas.between(0.03, 0.1) * (1 - k / 14)
        canvas.ellipse(x + canvas.between(-0.03, 0.03), y, w, 0.003 + 0.0006 * k, canvas.light.sun, 0.5)
    for k in range(4):
        y = horizon + (1 - horizon) * (0.22 + 0.2 * k)
        outline = ridge(canvas, y, 0.006 + 0.003 * k, 4.5 - 0.6 * k)
        canvas.polygon(outline, mix(deep, "#0f3f6f", 0.14 * k), 0.35)
        for _ in range(4):
            x, w = canvas.between(0, 1), canvas.between(0.02, 0.05) * (0.7 + 0.25 * k)
            y_ = y + canvas.between(0.02, 0.07)
            canvas.blob([(x - w, y_), (x, y_ - 0.005), (x + w, y_), (x, y_ + 0.003)], "#eafaff", 0.55)


def desert(canvas: Canvas, horizon: float) -> None:
    """Dunes with shaded slopes, table mountains and cacti."""
    sand = canvas.vary(canvas.pick(("#eab676", "#e8a765", "#f0c48a", "#d9925f")), 8)
    sky(canvas, horizon)
    rock = mix(canvas.vary("#b5654a", 10), canvas.light.bottom, 0.45)
    for _ in range(2):
        x, w, h = canvas.between(0.0, 1.0), canvas.between(0.08, 0.16), canvas.between(0.06, 0.15)
        canvas.polygon([(x - w * 1.25, horizon + 0.05), (x - w, horizon - h * 0.5), (x - w * 0.8, horizon - h),
                       (x + w * 0.75, horizon - h), (x + w * 0.9, horizon - h * 0.4),
                       (x + w * 1.3, horizon + 0.05)], rock)
        canvas.polygon([(x + w * 0.2, horizon - h), (x + w * 0.75, horizon - h), (x + w * 0.9, horizon - h * 0.4),
                       (x + w * 1.3, horizon + 0.05), (x + w * 0.4, horizon + 0.05)], darker(rock, 0.3), 0.4)
    hill(canvas, horizon + 0.02, 0.025, mix(sand, canvas.light.bottom, 0.3), 1.2)
    spots = [(canvas.between(low, low + 0.25), canvas.between(s, s + 0.04)) for low, s in ((0.05, 0.06), (0.7, 0.04))]
    for x, tall in spots:
        cactus(canvas, x, horizon + 0.07, tall)
    for k, step in enumerate((0.1, 0.22, 0.36)):
        crest = canvas.between(0.2, 0.8)
        y, low = horizon + step, horizon + step + 0.07
        canvas.fade(dune(crest, y, low), lighter(sand, 0.24 - 0.06 * k), darker(sand, 0.04 + 0.05 * k))
        canvas.blob([(crest, y), (crest + 0.06, y + 0.02), (crest + 0.3, low), (crest + 0.5, low + 0.12),
                    (crest + 0.1, low + 0.14), (crest + 0.12, y + 0.08)], darker(sand, 0.35), 0.3)


def dune(crest: float, y: float, low: float) -> list[Point]:
    """A dune that swings up to its crest and down again."""
    points = []
    for k in range(33):
        x = -0.02 + 1.04 * k / 32
        points.append((x, low - (low - y) * math.exp(-((x - crest) / (0.34 if x < crest else 0.22)) ** 2)))
    return [*points, (1.02, 1.02), (-0.02, 1.02)]


def cactus(canvas: Canvas, x: float, y: float, s: float) -> None:
    """A saguaro with two arms."""
    paint = canvas.vary("#5f8f5f", 12)
    for points, width in (([(0, 0), (0, -1.6)], 0.32), ([(0, -0.6), (0.45, -0.65), (0.5, -1.2)], 0.22),
                          ([(0, -0.4), (-0.42, -0.45), (-0.45, -0.9)], 0.22)):
        placed = [(x + u * s, y + v * s) for u, v in points]
        canvas.line(placed, width * s, paint)
        canvas.ellipse(*placed[-1], width * s / 2, width * s / 2, paint)
    canvas.line([(x - 0.06 * s, y), (x - 0.06 * s, y - 1.5 * s)], 0.05 * s, lighter(paint, 0.3), 0.6)


def night(canvas: Canvas, horizon: float) -> None:
    """Stars, a moon, a milky band and a sea of moonlit clouds below."""
    canvas.sky(canvas.vary("#0a1038", 6), canvas.vary("#1a2260", 8), canvas.vary("#3a3a86", 10),
              canvas.vary("#7d5fae", 12), "#c58fc0")
    x = canvas.between(0.1, 0.9)
    for k in range(5):
        canvas.glow(x + (k - 2) * 0.16, 0.1 + 0.12 * k, 0.24, "#8f8fe0", 0.16)
    stars(canvas, 58, 0.85)
    moon(canvas, canvas.between(0.1, 0.9), canvas.between(0.1, 0.32), canvas.between(0.05, 0.09))
    for k, y in enumerate((0.16, 0.24, 0.32)):
        paint = mix("#8d7cc8", "#2a2a6a", 0.25 + 0.3 * k)
        for j in range(8):
            r = canvas.between(0.055, 0.115)
            canvas.ellipse(j / 7 + canvas.between(-0.05, 0.05), horizon + y, r * 1.4, r, paint)
        canvas.fade([(0, horizon + y), (1, horizon + y), (1, 1), (0, 1)], paint, darker(paint, 0.12))


def snow(canvas: Canvas, horizon: float) -> None:
    """White peaks, a snowfield with small firs, and falling flakes."""
    sky(canvas, horizon)
    rock = mix(canvas.vary("#7d93b5", 10), canvas.light.middle, 0.25)
    for x in (canvas.between(0.0, 0.3), canvas.between(0.35, 0.65), canvas.between(0.75, 1.0)):
        h, w, y = canvas.between(0.16, 0.34), canvas.between(0.2, 0.32), horizon + 0.05
        canvas.polygon([(x - w, y), (x, y - h), (x + w, y)], rock)
        canvas.polygon([(x, y - h), (x + w, y), (x + w * 0.15, y), (x + w * 0.06, y - h * 0.5)], darker(rock, 0.35),
                       0.5)
        canvas.polygon([(x, y - h), (x + w * 0.42, y - h * 0.58), (x + w * 0.22, y - h * 0.62),
                       (x + w * 0.1, y - h * 0.46), (x - w * 0.08, y - h * 0.62), (x - w * 0.24, y - h * 0.5),
                       (x - w * 0.4, y - h * 0.6)], "#fbfdff")
    white = mix("#f7fbff", canvas.light.bottom, 0.12)
    for k, (step, height) in enumerate(((0.02, 0.02), (0.1, 0.025), (0.24, 0.03))):
        canvas.fade(ridge(canvas, horizon + step, height, 1.4), mix(white, "#a9c4e6", 0.14 - 0.07 * k),
                   mix(white, "#9dbbe0", 0.5))
        for _ in range((4, 3, 0)[k]):
            fir(canvas, canvas.between(0, 1), horizon + step + 0.04, canvas.between(0.05, 0.08) * (0.8 + 0.3 * k),
                "#5f8a8a")
    for _ in range(34):
        x, y, r = canvas.between(0, 1), canvas.between(0, 1), canvas.between(0.002, 0.006)
        canvas.ellipse(x, y, r, r, "#ffffff")


def fir(canvas: Canvas, x: float, y: float, s: float, paint: Paint) -> None:
    """A slim pointed fir."""
    canvas.box(x - s * 0.06, y - s * 0.2, x + s * 0.06, y, "#6b5a55")
    points: list[Point] = [(x, y - s * 2)]
    for side in (1, -1):
        steps = [(0.3, 1.3), (0.14, 1.3), (0.42, 0.75), (0.2, 0.75), (0.55, 0.18)]
        steps = steps if side > 0 else steps[::-1]
        points += [(x + side * u * s, y - v * s) for u, v in steps]
    canvas.polygon(points, paint)


def forest(canvas: Canvas, horizon: float) -> None:
    """Columns of dark trunks in the mist, light falling between them, ferns on the ground."""
    green = canvas.vary(canvas.pick(("#4f8f6a", "#5f9a5a", "#3f8080")), 8)
    glow = mix(canvas.light.bottom, green, 0.18)
    canvas.sky(mix(green, "#1f4a4a", 0.5), mix(green, glow, 0.45), glow, mix(green, glow, 0.5))
    canvas.glow(canvas.between(0.25, 0.75), horizon - 0.15, 0.5, canvas.light.sun, 0.7)
    for k in range(3):
        paint = mix(mix(green, "#123438", 0.45 + 0.25 * k), glow, 0.62 - 0.24 * k)
        y = horizon + 0.02 + 0.055 * k
        for _ in range((7, 5, 3)[k]):
            x, w = canvas.between(-0.02, 1.02), canvas.between(0.008, 0.014) * (1.0 + 1.1 * k)
            canvas.polygon([(x - w * 0.75, -0.01), (x + w * 0.75, -0.01), (x + w, y - 0.04), (x + w * 2.0, y + 0.02),
                           (x - w * 2.0, y + 0.02), (x - w, y - 0.04)], paint)
            b = canvas.between(0.1, horizon - 0.1)
            canvas.line([(x, b), (x + w * 4 * canvas.pick((-1, 1)), b - w * 3)], w * 0.6, paint)
        if k < 2:
            for _ in range(2):
                fir(canvas, canvas.between(0, 1), y, canvas.between(0.07, 0.13), mix(paint, green, 0.3))
        hill(canvas, y, 0.012, mix(green, glow, 0.35 - 0.17 * k), 1.3, 0.0)
    x = canvas.between(-0.1, 0.5)
    for k in range(3):
        u = x + 0.22 * k
        canvas.polygon([(u + 0.2, -0.01), (u + 0.27, -0.01), (u + 0.08, horizon + 0.3), (u - 0.12, horizon + 0.3)],
                      "#fff6d0", 0.13)
    hill(canvas, horizon + 0.26, 0.02, darker(green, 0.25), 0.9, 0.0)
    tufts(canvas, horizon + 0.18, 26, darker(green, 0.42))


def hills(canvas: Canvas, horizon: float) -> None:
    """Hills behind hills in the haze, striped fields and a winding path."""
    near = canvas.vary(canvas.pick(("#6fa85a", "#a8b04f", "#5f9f7f", "#c2a550")), 10)
    sky(canvas, horizon)
    clouds(canvas, horizon - 0.1, 2)
    for k in range(5):
        share = 1 - k / 4.6
        y = horizon - 0.16 + 0.09 * k
        hill(canvas, y, 0.06 - 0.006 * k, mix(mix(near, "#5a7fb5", share * 0.5), canvas.light.middle, share * 0.5),
             1.0 + 0.2 * k, share)
        if k > 1:
            for _ in range(3):
                x, w, v = canvas.between(0, 1), canvas.between(0.06, 0.13), y + canvas.between(0.055, 0.075)
                field = canvas.vary(canvas.pick(("#e8cf6a", "#a9c25a", "#5f8f4f", "#d9a860")))
                canvas.blob([(x - w, v), (x - w * 0.5, v - 0.016), (x + w * 0.7, v - 0.02), (x + w, v - 0.004),
                            (x + w * 0.4, v + 0.012)],
                           field, 0.45)
    y = horizon + 0.3
    outline = hill(canvas, y, 0.03, near, 0.8, 0.0)
    for k in range(5):
        line = [(x, v + 0.03 + 0.045 * k + 0.02 * k * x) for x, v in outline[:33]]
        canvas.line(line, 0.008, darker(near, 0.3), 0.35)
    x, bend = canvas.between(0.25, 0.75), canvas.pick((-1, 1)) * canvas.between(0.07, 0.12)
    left, right = [], []
    for k in range(15):
        t = k / 14
        middle, width = x + bend * math.sin(6.5 * t ** 0.7) * (0.35 + t), 0.006 + 0.075 * t * t
        v = horizon + 0.23 + (0.79 - horizon) * t ** 1.15
        left.append((middle - width, v))
        right.append((middle + width, v))
    canvas.polygon(left + right[::-1], "#f3dfb5", 0.92)


def beach(canvas: Canvas, horizon: float) -> None:
    """Sand with shells and starfish, foam, and a band of sea."""
    sky(canvas, horizon)
    clouds(canvas, horizon)
    water = canvas.vary(canvas.pick(("#2fa8b5", "#3f97c9", "#38b0a0")), 8)
    canvas.fade([(0, horizon), (1, horizon), (1, 1), (0, 1)], mix(water, canvas.light.bottom, 0.16), water)
    for _ in range(8):
        x, y, w = canvas.between(0, 1), horizon + canvas.between(0.015, 0.11), canvas.between(0.015, 0.045)
        canvas.blob([(x - w, y), (x, y - 0.003), (x + w, y), (x, y + 0.003)], "#f4ffff", 0.65)
    sand = canvas.vary(canvas.pick(("#f3d9a5", "#f6e2bb", "#eccb94")), 8)
    shore, state = horizon + 0.15, canvas.rng.getstate()
    for lift, paint in ((0.03, mix(water, "#ffffff", 0.35)), (0.012, "#ffffff"), (-0.002, darker(sand, 0.18))):
        canvas.rng.setstate(state)
        canvas.polygon(ridge(canvas, shore - lift, 0.016, 1.6), paint)
    canvas.rng.setstate(state)
    canvas.fade(ridge(canvas, shore + 0.022, 0.016, 1.6), lighter(sand, 0.25), darker(sand, 0.08))
    for _ in range(24):
        x, y = canvas.between(0, 1), canvas.between(shore + 0.06, 0.99)
        canvas.ellipse(x, y, 0.004, 0.0025, darker(sand, 0.3), 0.6)
    for _ in range(3):
        x, y, s = canvas.between(0.04, 0.96), canvas.between(shore + 0.1, 0.96), canvas.between(0.014, 0.026)
        if canvas.chance(0.5):
            turn = canvas.between(0, 1)
            rays = [(s * (1, 0.45)[k % 2], turn + k * math.pi / 5) for k in range(10)]
            outline = [(x + r * math.cos(a), y + 0.8 * r * math.sin(a)) for r, a in rays]
            canvas.polygon(outline, canvas.pick(("#ee7f5a", "#e8a24a")))
        else:
            canvas.ellipse(x, y, s, s * 0.75, "#fff1e2")
            for k in (-0.5, 0.0, 0.5):
                canvas.line([(x, y + s * 0.7), (x + s * k * 1.3, y - s * 0.55)], 0.004, "#e0a58f")
