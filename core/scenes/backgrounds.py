"""The ten backgrounds. Each fills the canvas behind the object, in the light of its time of day, around a horizon.

No background holds a shape that is one of the ten objects: the forest has bare trunks and firs, the town flat facades.
"""

from __future__ import annotations

from collections.abc import Callable

from core.scenes import landscapes
from core.scenes.canvas import Canvas, Light, darker, lighter, mix
from core.scenes.weather import DAWN, DAY, DUSK, EVENING, GOLDEN, MIST, NIGHT, TEAL, cloud, clouds, sky


def town(canvas: Canvas, horizon: float) -> None:
    """Flat facades with lit windows in two rows, a pavement and a street."""
    sky(canvas, horizon)
    clouds(canvas, horizon, 2)
    wall = canvas.vary(canvas.pick(("#6f7fa8", "#8a7aa0", "#5f8a96", "#a07f86")), 10)
    street = min(0.92, horizon + 0.17)
    for row in (0, 1):
        paint, x = mix(wall, canvas.light.bottom, (0.62, 0.3)[row]), -0.04
        glass = mix("#ffdf8f", paint, (0.55, 0.25)[row])
        while x < 1:
            w, h = canvas.between(0.09, 0.17), canvas.between(0.16, 0.42) * (1.0, 0.62)[row]
            top, tone = street - h - (0.1, 0.0)[row], canvas.vary(paint, 7)
            canvas.box(x, top, x + w + 0.002, street, tone)
            canvas.box(x + w * 0.7, top, x + w + 0.002, street, darker(tone, 0.35), 0.3)
            canvas.box(x - 0.004, top, x + w + 0.006, top + 0.012, darker(tone, 0.18))
            columns = int(w / 0.038)
            for i in range(columns):
                for j in range(int((street - top) / 0.05)):
                    if canvas.chance(0.62):
                        u, v = x + 0.012 + i * (w - 0.01) / columns, top + 0.028 + 0.05 * j
                        canvas.box(u, v, u + 0.016, v + 0.024, glass)
            x += w + (0.0, canvas.pick((0.0, 0.0, 0.05)))[row]
    canvas.fade([(0, street), (1, street), (1, 1), (0, 1)], "#8d8a94", "#5b5a6b")
    canvas.box(0, street - 0.004, 1, street + 0.03, "#cfc6bb")
    canvas.box(0, street + 0.026, 1, street + 0.034, "#9d958f")
    y, shift = (street + 1.03) / 2, canvas.between(0, 0.2)
    for k in range(6):
        x = k * 0.2 - shift
        canvas.polygon([(x, y), (x + 0.1, y), (x + 0.095, y + 0.012), (x - 0.008, y + 0.012)], "#f4e6c0")


def indoors(canvas: Canvas, horizon: float) -> None:
    """A room: a papered wall with a window and pictures, a boarded floor and a rug."""
    paper = canvas.vary(canvas.pick(("#e9c9b1", "#b9d3c2", "#c3cfe3", "#f1dcae", "#dcb9c0", "#a9c3c7")), 8)
    floor = min(0.86, horizon + 0.1)
    canvas.fade([(0, 0), (1, 0), (1, 1), (0, 1)], lighter(paper, 0.12), darker(paper, 0.1))
    style = canvas.pick(("stripes", "dots", "plain"))
    if style == "stripes":
        for k in range(12):
            canvas.box(k / 12, 0, k / 12 + 0.035, floor, lighter(paper, 0.5), 0.3)
    elif style == "dots":
        for i in range(10):
            for j in range(7):
                canvas.ellipse(0.05 + i * 0.1 + 0.05 * (j % 2), 0.05 + j * 0.1, 0.008, 0.008, lighter(paper, 0.5), 0.6)
    wood = canvas.vary(canvas.pick(("#c08a5a", "#a9744f", "#d3a06a")), 10)
    canvas.fade([(0, floor), (1, floor), (1, 1), (0, 1)], lighter(wood, 0.1), darker(wood, 0.18))
    for k in range(4):
        y = floor + (1 - floor) * (0.12 + 0.24 * k)
        canvas.box(0, y, 1, y + 0.004, darker(wood, 0.4), 0.6)
        for j in range(3):
            x = canvas.between(0, 0.33) + 0.33 * j
            canvas.box(x, y - (1 - floor) * 0.2, x + 0.004, y, darker(wood, 0.4), 0.45)
    canvas.box(0, floor - 0.045, 1, floor, "#fbf5ea")
    canvas.box(0, floor - 0.006, 1, floor, darker(wood, 0.35), 0.6)
    x = canvas.pick((0.22, 0.78)) + canvas.between(-0.06, 0.06)
    view(canvas, x, 0.29, 0.14, 0.17)
    other = 1 - x + canvas.between(-0.06, 0.06)
    for dx, dy, w, h in ((-0.09, 0.0, 0.06, 0.08), (0.08, -0.03, 0.05, 0.05)):
        art = canvas.vary(canvas.pick(("#e8a87c", "#85b8b0", "#e27d60", "#c38d9e", "#f2d16b")))
        canvas.box(other + dx - w, 0.25 + dy - h, other + dx + w, 0.25 + dy + h, darker(wood, 0.35))
        canvas.box(other + dx - w + 0.012, 0.25 + dy - h + 0.012, other + dx + w - 0.012, 0.25 + dy + h - 0.012,
                  "#fff8ea")
        canvas.ellipse(other + dx, 0.25 + dy, w * 0.5, h * 0.5, art)
    rug = canvas.vary(canvas.pick(("#c8553d", "#3f7d8c", "#7a5a8f", "#d9a441")))
    x, y, w = canvas.between(0.3, 0.7), (floor + 1.0) / 2 + 0.02, canvas.between(0.26, 0.36)
    for share, paint in ((1.0, darker(rug, 0.2)), (0.92, rug), (0.72, lighter(rug, 0.4)), (0.66, rug)):
        canvas.ellipse(x, y, w * share, (1 - floor) * 0.3 * share, paint)


def view(canvas: Canvas, x: float, y: float, w: float, h: float) -> None:
    """A window on the wall with the sky in it, between curtains."""
    light, cloth = canvas.light, canvas.vary(canvas.pick(("#f2b5a0", "#9fc5b5", "#f4d58d", "#b7a6d6", "#fff3e0")))
    canvas.box(x - w - 0.02, y - h - 0.02, x + w + 0.02, y + h + 0.025, "#fffaf0")
    canvas.fade([(x - w, y - h), (x + w, y - h), (x + w, y + h), (x - w, y + h)], light.top, light.bottom)
    cloud(canvas, x + w * 0.1, y + h * 0.2, w * 1.1, "#ffffff", 0.9)
    canvas.box(x - 0.008, y - h, x + 0.008, y + h, "#fffaf0")
    canvas.box(x - w, y - 0.008, x + w, y + 0.008, "#fffaf0")
    for s in (-1, 1):
        canvas.polygon([(x + s * (w + 0.05), y - h - 0.04), (x + s * w * 0.35, y - h - 0.04), (x + s * w * 0.62, y),
                       (x + s * w * 0.8, y + h + 0.05), (x + s * (w + 0.05), y + h + 0.05)], cloth)
        canvas.line([(x + s * w * 0.85, y - h), (x + s * w * 0.98, y + h)], 0.01, darker(cloth, 0.3), 0.4)
    canvas.box(x - w - 0.08, y - h - 0.055, x + w + 0.08, y - h - 0.035, "#8a5a3a", round_=0.008)
    canvas.box(x - w - 0.04, y + h + 0.02, x + w + 0.04, y + h + 0.04, "#fffaf0")


DAYLIGHT = (DAWN, DAY, DAY, TEAL, GOLDEN, DUSK)

BACKGROUNDS: dict[str, tuple[Callable[[Canvas, float], None], tuple[Light, ...]]] = {
    "meadow": (landscapes.meadow, DAYLIGHT),
    "sea": (landscapes.sea, DAYLIGHT),
    "desert": (landscapes.desert, (DAWN, DAY, TEAL, GOLDEN, GOLDEN, DUSK)),
    "night sky": (landscapes.night, (NIGHT,)),
    "town": (town, (DAWN, DAY, TEAL, GOLDEN, DUSK)),
    "snow": (landscapes.snow, (DAWN, DAY, TEAL, MIST, DUSK)),
    "forest": (landscapes.forest, (DAWN, DAY, TEAL, GOLDEN, MIST)),
    "hills": (landscapes.hills, DAYLIGHT),
    "beach": (landscapes.beach, (DAWN, DAY, DAY, TEAL, GOLDEN)),
    "indoors": (indoors, (DAY, GOLDEN, EVENING, TEAL)),
}
