"""Objects that people make: house, boat, balloon, car, rocket, umbrella.

Each is drawn in its own coordinates, about -0.5 to 0.5 with y downwards, facing right, lit from the upper left.
"""

from __future__ import annotations

import math

from core.scenes.canvas import Canvas, Color, darker, lighter, mix

GLASS = "#cfeaf2"
WOOD = "#b5794a"
BRIGHTS = ("#e4572e", "#d7263d", "#f2a541", "#2a9d8f", "#2f6fa8", "#7b4fa3", "#e0628a", "#4c9f70", "#f4c542")
PALES = ("#fff3dc", "#fbd87f", "#f7b7a3", "#bfe3dc")


def window(canvas: Canvas, x: float, y: float, width: float, height: float, glass: str = GLASS) -> None:
    """A window with a frame, a cross and a slanting reflection."""
    canvas.box(x - width - 0.014, y - height - 0.014, x + width + 0.014, y + height + 0.02, "#fbf4e6")
    canvas.box(x - width, y - height, x + width, y + height, glass)
    canvas.polygon([(x - width, y + height), (x - width, y), (x, y - height), (x + width * 0.7, y - height)],
                  "#ffffff", 0.4)
    canvas.box(x - 0.007, y - height, x + 0.007, y + height, "#fbf4e6")
    canvas.box(x - width, y - 0.007, x + width, y + 0.007, "#fbf4e6")


def house(canvas: Canvas) -> None:
    """A cottage with a gable in front, a tiled roof and a chimney."""
    wall = canvas.vary(canvas.pick(("#fbe8cf", "#f7d9c4", "#f3efe4", "#f5cf8e", "#d9e6e0", "#efb8a5")))
    roof = canvas.vary(canvas.pick(("#c8503c", "#a8433f", "#56708c", "#8a5a44", "#3f7d7a", "#d9773f")))
    door = canvas.vary(canvas.pick(("#2f6f73", "#8c3b3b", "#36558f", "#6d4c2f", "#e0a030")))
    lit = canvas.chance(0.35)
    glass, apex = ("#ffe08a" if lit else GLASS), canvas.between(-0.36, -0.26)
    canvas.box(0.0, 0.0, 0.44, 0.42, darker(wall, 0.16))
    canvas.polygon([(-0.42, 0.42), (-0.42, 0.03), (-0.2, apex), (0.02, 0.03), (0.02, 0.42)], wall)
    chimney = canvas.between(0.1, 0.24)
    canvas.box(chimney, apex - 0.12, chimney + 0.1, apex + 0.12, "#b86b54")
    canvas.box(chimney + 0.06, apex - 0.12, chimney + 0.1, apex + 0.12, darker("#b86b54"))
    canvas.box(chimney - 0.015, apex - 0.14, chimney + 0.115, apex - 0.1, darker("#b86b54", 0.1))
    slope = [(-0.2, apex - 0.02), (0.3, apex - 0.02), (0.49, 0.07), (0.03, 0.07)]
    canvas.polygon(slope, roof)
    for share in (0.25, 0.5, 0.75):
        y, x = apex + (0.07 - apex) * share, -0.2 + 0.23 * share
        canvas.line([(x, y), (x + 0.5 - 0.04 * share, y)], 0.01, darker(roof, 0.4), 0.45)
    canvas.line([(-0.47, 0.09), (-0.2, apex - 0.01), (0.05, 0.09)], 0.045, darker(roof, 0.18))
    canvas.box(0.02, 0.07, 0.44, 0.11, darker(wall, 0.5), 0.4)
    canvas.box(-0.43, 0.385, 0.45, 0.43, darker("#9a8f86", 0.1))
    canvas.box(-0.29, 0.14, -0.11, 0.43, "#fbf4e6", round_=0.04)
    canvas.box(-0.27, 0.16, -0.13, 0.43, door, round_=0.035)
    canvas.box(-0.2, 0.2, -0.195, 0.43, darker(door), solid=False)
    canvas.ellipse(-0.155, 0.31, 0.012, 0.012, "#ffe3a0")
    canvas.box(-0.31, 0.415, -0.09, 0.445, "#cfc5b8")
    if canvas.chance(0.5):
        canvas.ellipse(-0.2, -0.02, 0.062, 0.062, "#fbf4e6")
        canvas.ellipse(-0.2, -0.02, 0.046, 0.046, glass)
        canvas.box(-0.205, -0.07, -0.195, 0.03, "#fbf4e6")
    else:
        window(canvas, -0.2, -0.02, 0.045, 0.055, glass)
    for x in (0.14, 0.32):
        window(canvas, x, 0.22, 0.052, 0.065, glass)
        canvas.box(x - 0.075, 0.295, x + 0.075, 0.33, WOOD)
        for k in range(4):
            canvas.ellipse(x - 0.055 + 0.036 * k, 0.288, 0.018, 0.018, ("#e0628a", "#f4c542", "#e4572e")[k % 3])


def boat(canvas: Canvas, paint: Color | None = None) -> None:
    """A sailing boat, or a small steamer; its hull and sails have the ``paint``, if given."""
    own = canvas.vary(canvas.pick(("#c8453a", "#2f5f8a", "#2a8f86", "#f0ead8", "#7a4b36", "#26405f")))
    hull = paint or own
    (sailer if canvas.chance(0.65) else steamer)(canvas, paint)
    canvas.blob([(-0.47, 0.16), (-0.2, 0.2), (0.2, 0.2), (0.49, 0.13), (0.43, 0.3), (0.32, 0.41), (0.0, 0.43),
                (-0.32, 0.41), (-0.42, 0.3)], hull)
    canvas.blob([(-0.47, 0.16), (-0.2, 0.2), (0.2, 0.2), (0.49, 0.13), (0.47, 0.2), (0.2, 0.25), (-0.2, 0.25),
                (-0.46, 0.2)], "#fff6e4")
    canvas.blob([(-0.38, 0.36), (0.0, 0.39), (0.37, 0.35), (0.3, 0.44), (0.0, 0.47), (-0.32, 0.43)], darker(hull, 0.4),
               solid=False)
    for k in range(3):
        canvas.ellipse(-0.2 + 0.17 * k, 0.31, 0.026, 0.026, "#fff6e4", solid=False)
        canvas.ellipse(-0.2 + 0.17 * k, 0.31, 0.016, 0.016, "#37526b", solid=False)


def sailer(canvas: Canvas, paint: Color | None = None) -> None:
    """The mast, the two sails and the pennant of a boat."""
    own = canvas.vary(canvas.pick(("#fff4de", "#fde3c3", "#f7f4ee", "#f6c667", "#e98a6b")), 8)
    sail = lighter(paint, 0.2) if paint else own
    other = canvas.vary(canvas.pick(BRIGHTS))
    band = paint or other
    canvas.line([(0.0, 0.22), (0.0, -0.47)], 0.026, "#8a5a3a")
    canvas.polygon([(0.0, -0.48), (-0.15, -0.44), (0.0, -0.4)], band)
    main = [(0.025, -0.4), (0.17, -0.24), (0.3, -0.05), (0.38, 0.12), (0.025, 0.12)]
    canvas.polygon(main, sail)
    canvas.polygon([(0.12, -0.29), (0.17, -0.24), (0.265, -0.1), (0.025, -0.1), (0.025, -0.2)], band, solid=False)
    canvas.polygon([(0.3, -0.05), (0.38, 0.12), (0.025, 0.12), (0.2, 0.06)], darker(sail, 0.5), 0.25)
    jib = [(-0.025, -0.34), (-0.025, 0.12), (-0.34, 0.12), (-0.27, -0.02), (-0.14, -0.22)]
    canvas.polygon(jib, mix(sail, band, 0.12))
    canvas.polygon([(-0.025, -0.34), (-0.025, 0.12), (-0.12, 0.12)], darker(sail, 0.5), 0.18)
    canvas.line([(-0.32, 0.15), (0.36, 0.15)], 0.02, "#8a5a3a")


def steamer(canvas: Canvas, paint: Color | None = None) -> None:
    """The cabin, the funnel and the mast of a boat."""
    own = canvas.vary(canvas.pick(BRIGHTS))
    funnel = paint or own
    canvas.line([(0.27, 0.2), (0.27, -0.4)], 0.02, "#8a5a3a")
    canvas.polygon([(0.27, -0.41), (0.42, -0.36), (0.27, -0.3)], funnel)
    canvas.box(-0.12, -0.36, 0.06, -0.02, funnel)
    canvas.box(-0.12, -0.28, 0.06, -0.2, "#fff6e4")
    canvas.box(0.0, -0.36, 0.06, -0.02, "#1c1f4a", 0.18)
    canvas.box(-0.135, -0.39, 0.075, -0.34, "#33384f")
    canvas.box(-0.3, -0.06, 0.18, 0.2, "#f7efe0", round_=0.03)
    canvas.box(-0.33, -0.1, 0.22, -0.05, darker(funnel, 0.15), round_=0.02)
    for k in range(3):
        canvas.box(-0.25 + 0.14 * k, 0.0, -0.16 + 0.14 * k, 0.1, "#8fc7da", round_=0.02)
        canvas.polygon([(-0.25 + 0.14 * k, 0.1), (-0.25 + 0.14 * k, 0.04), (-0.2 + 0.14 * k, 0.0)], "#ffffff", 0.5)


def balloon(canvas: Canvas, paint: Color | None = None) -> None:
    """A hot-air balloon of colored gores with its basket, in the ``paint``, if given."""
    own, second = canvas.vary(canvas.pick(BRIGHTS)), canvas.vary(canvas.pick(PALES))
    first = paint or own
    if canvas.chance(0.35):
        second = mix(first, "#fff3dc", 0.55)
    gores, heights = canvas.pick((6, 7, 8)), 14
    profile = []
    for k in range(heights + 1):  # a sphere above, a cone tangent to it below
        y = -0.48 + 0.74 * k / heights
        u = (y + 0.13) / 0.35
        profile.append((y, 0.35 * math.sqrt(max(0.0, 1 - u * u)) if u < 0.55 else 0.2923 - 0.53 * (y - 0.0625)))
    edges = [math.sin(math.pi * (g / gores - 0.5)) for g in range(gores + 1)]
    for g in range(gores):
        left, right = edges[g], edges[g + 1]
        color = darker((first, second)[g % 2], 0.22 * max(0.0, (left + right) / 2))
        canvas.polygon([(r * left, y) for y, r in profile] + [(r * right, y) for y, r in reversed(profile)], color)
    if canvas.chance(0.6):
        band = canvas.vary(canvas.pick(BRIGHTS))
        low, high = [(r, y) for y, r in profile[6:9]], [(-r, y) for y, r in reversed(profile[6:9])]
        canvas.polygon(low + high, band, solid=False)
        for g in range(2 * gores):
            left, middle, right = (0.345 * math.sin(math.pi * ((g + d) / (2 * gores) - 0.5)) for d in (0, 0.5, 1))
            canvas.polygon([(left, -0.06), (middle, -0.15), (right, -0.06)], second, solid=False)
    canvas.ellipse(-0.15, -0.27, 0.06, 0.1, "#ffffff", 0.22, turn=0.5)
    canvas.box(-0.082, 0.25, 0.082, 0.285, darker(first, 0.3))
    canvas.ellipse(0.0, 0.315, 0.016, 0.03, "#ffd166")
    for x in (-0.075, -0.03, 0.03, 0.075):
        canvas.line([(x, 0.27), (x * 0.9, 0.38)], 0.01, "#5a4632")
    canvas.box(-0.085, 0.37, 0.085, 0.49, WOOD, round_=0.025)
    canvas.box(0.025, 0.38, 0.085, 0.48, darker(WOOD, 0.3), 0.4)
    for y in (0.41, 0.445):
        canvas.line([(-0.08, y), (0.08, y)], 0.008, darker(WOOD, 0.4), 0.7)
    canvas.box(-0.095, 0.36, 0.095, 0.385, darker(WOOD, 0.25), round_=0.012)


def car(canvas: Canvas, paint: Color | None = None) -> None:
    """A small car from the side: a saloon, a beetle or a van, in the ``paint``, if given."""
    own = canvas.vary(canvas.pick((*BRIGHTS, "#8ecae6", "#f3efe4")))
    paint = paint or own
    kind = canvas.pick(("saloon", "beetle", "van"))
    if kind == "van":
        canvas.blob([(-0.46, -0.2), (-0.4, -0.26), (0.2, -0.26), (0.34, -0.2), (0.45, 0.0), (0.48, 0.16), (0.46, 0.22),
                    (-0.45, 0.22), (-0.48, 0.14)], paint)
        canvas.blob([(-0.46, -0.2), (-0.4, -0.26), (0.2, -0.26), (0.34, -0.2), (0.42, -0.03), (-0.48, -0.03)],
                    "#fff4e0")
        panes = [[(-0.4, -0.2), (-0.18, -0.2), (-0.18, -0.05), (-0.4, -0.05)],
                 [(-0.14, -0.2), (0.08, -0.2), (0.08, -0.05), (-0.14, -0.05)],
                 [(0.12, -0.2), (0.25, -0.19), (0.35, -0.05), (0.12, -0.05)]]
    else:
        top = -0.26 if kind == "beetle" else -0.22
        canvas.blob([(-0.34, 0.02), (-0.26, -0.14), (-0.12, top), (0.1, top), (0.22, -0.12), (0.32, 0.04), (0.0, 0.1)],
                   lighter(paint, 0.1))
        canvas.blob([(-0.47, 0.12), (-0.46, 0.02), (-0.36, -0.03), (0.0, -0.01), (0.3, -0.01), (0.44, 0.05),
                    (0.49, 0.15), (0.46, 0.23), (0.0, 0.235), (-0.46, 0.23)], paint)
        panes = [[(-0.25, -0.03), (-0.2, -0.12), (-0.1, top + 0.05), (-0.03, top + 0.05), (-0.03, -0.03)],
                 [(0.01, -0.03), (0.01, top + 0.05), (0.08, top + 0.05), (0.16, -0.1), (0.22, -0.03)]]
    for pane in panes:
        canvas.polygon(pane, "#a9d8e6")
        (ax, ay), (bx, by) = pane[0], pane[1]
        canvas.polygon([pane[-1], (ax, ay), (bx, by), ((bx + pane[-1][0]) / 2, pane[-1][1])], "#ffffff", 0.35)
    canvas.box(-0.48, 0.16, 0.49, 0.24, "#1c1f4a", 0.2)
    canvas.line([(-0.46, 0.09), (0.47, 0.09)], 0.012, "#fff4e0", 0.7)
    canvas.line([(-0.01, -0.02), (0.0, 0.2)], 0.008, darker(paint, 0.5), 0.6)
    canvas.box(0.03, 0.035, 0.09, 0.053, "#fff4e0", solid=False)
    canvas.ellipse(0.455, 0.09, 0.03, 0.04, "#ffe9a8")
    canvas.ellipse(-0.46, 0.09, 0.02, 0.035, "#e63946")
    canvas.box(0.4, 0.19, 0.51, 0.235, "#dfe3e8", round_=0.02)
    canvas.box(-0.5, 0.19, -0.4, 0.235, "#dfe3e8", round_=0.02)
    if canvas.chance(0.4):
        roof = -0.26 if kind == "van" else -0.23
        canvas.box(-0.2, roof - 0.035, 0.1, roof - 0.015, "#5a4632")
        canvas.box(-0.16, roof - 0.13, 0.0, roof - 0.03, WOOD, round_=0.02)
        canvas.box(-0.1, roof - 0.13, -0.08, roof - 0.03, darker(WOOD, 0.4))
        canvas.box(0.0, roof - 0.1, 0.08, roof - 0.03, "#3f7d7a", round_=0.02)
    for x in (-0.27, 0.28):
        canvas.ellipse(x, 0.2, 0.125, 0.12, darker(paint, 0.45), solid=False)
        canvas.ellipse(x, 0.225, 0.105, 0.105, "#2b2d42")
        canvas.ellipse(x, 0.225, 0.058, 0.058, "#e9ecef")
        canvas.ellipse(x, 0.225, 0.024, 0.024, paint)


def rocket(canvas: Canvas) -> None:
    """A rocket with fins, portholes and its flame."""
    body = canvas.vary(canvas.pick(("#f4f1ea", "#e8edf2", "#ffe8c9", "#dfe7ee")), 6)
    paint = canvas.vary(canvas.pick(BRIGHTS))
    reach = canvas.between(0.42, 0.5)
    for width, length, fire in ((0.1, reach, "#f3722c"), (0.068, reach - 0.05, "#f9b233"),
                                (0.036, reach - 0.1, "#fff3c4")):
        canvas.blob([(-width, 0.25), (0.0, 0.22), (width, 0.25), (width * 0.7, 0.36), (0.0, length),
                    (-width * 0.7, 0.36)], fire)
    for s in (-1, 1):
        fin = [(s * 0.1, 0.0), (s * 0.2, 0.09), (s * 0.26, 0.22), (s * 0.25, 0.32), (s * 0.17, 0.25), (s * 0.08, 0.23)]
        canvas.blob(fin, darker(paint, 0.25 if s > 0 else 0.0))
    canvas.box(-0.08, 0.2, 0.08, 0.27, "#4a4e69", round_=0.02)
    canvas.blob([(0.0, -0.5), (0.1, -0.36), (0.155, -0.16), (0.155, 0.04), (0.1, 0.23), (-0.1, 0.23), (-0.155, 0.04),
                (-0.155, -0.16), (-0.1, -0.36)], body)
    canvas.blob([(0.0, -0.51), (0.055, -0.43), (0.11, -0.335), (0.0, -0.31), (-0.11, -0.335), (-0.055, -0.43)], paint)
    canvas.blob([(-0.15, 0.06), (0.0, 0.09), (0.15, 0.06), (0.135, 0.135), (0.0, 0.165), (-0.135, 0.135)], paint)
    canvas.blob([(0.0, -0.5), (0.1, -0.36), (0.155, -0.16), (0.155, 0.04), (0.1, 0.23), (0.03, 0.23), (0.08, 0.0),
                (0.07, -0.25)], "#1c1f4a", 0.2)
    for y, r in ((-0.17, 0.075), (-0.02, 0.042)):
        canvas.ellipse(0.0, y, r, r, darker(paint, 0.3))
        canvas.ellipse(0.0, y, r * 0.72, r * 0.72, "#8fd3e8")
        canvas.ellipse(-r * 0.22, y - r * 0.22, r * 0.26, r * 0.2, "#ffffff")
    canvas.blob([(-0.025, 0.1), (0.0, 0.08), (0.025, 0.1), (0.02, 0.3), (0.0, 0.33), (-0.02, 0.3)], darker(paint, 0.15))


def umbrella(canvas: Canvas, paint: Color | None = None) -> None:
    """An open umbrella with scalloped panels and a curved handle, in the ``paint``, if given."""
    own = canvas.vary(canvas.pick(BRIGHTS))
    first = paint or own
    second = canvas.vary(canvas.pick(PALES)) if canvas.chance(0.6) else lighter(first, 0.2)
    second = lighter(first, 0.5) if paint else second
    canvas.line([(0.0, -0.42), (0.0, 0.38)], 0.03, "#7a5238")
    hook = [(0.07 - 0.07 * math.cos(a * math.pi / 8), 0.37 + 0.08 * math.sin(a * math.pi / 8)) for a in range(9)]
    canvas.line(hook, 0.045, canvas.pick(("#8c4a2f", "#33384f", "#b5794a")))
    canvas.line([(0.0, -0.5), (0.0, -0.38)], 0.026, "#7a5238")
    panels, steps = canvas.pick((5, 6, 7)), 7
    edges = [math.sin(math.pi * (p / panels - 0.5)) for p in range(panels + 1)]
    for p in range(panels):
        left, right = edges[p], edges[p + 1]
        turns = [(math.sin(k * math.pi / 2 / steps), math.cos(k * math.pi / 2 / steps)) for k in range(steps + 1)]
        down = [(0.48 * left * sin, -0.43 + 0.43 * (1 - cos)) for sin, cos in turns]
        up = [(0.48 * right * sin, -0.43 + 0.43 * (1 - cos)) for sin, cos in reversed(turns)]
        scallop = [(0.48 * (left + (right - left) * t), -0.05 * math.sin(math.pi * t)) for t in (0.2, 0.4, 0.6, 0.8)]
        color = (first, second)[p % 2]
        canvas.polygon(down + scallop + up, darker(color, 0.24 * max(0.0, (left + right) / 2)))
    for edge in edges[1:-1]:
        rib = [(0.48 * edge * math.sin(k * math.pi / 8), -0.43 * math.cos(k * math.pi / 8)) for k in range(5)]
        canvas.line(rib, 0.01, darker(first, 0.5), 0.5)
    canvas.ellipse(-0.2, -0.27, 0.035, 0.1, "#ffffff", 0.22, turn=0.75)
    canvas.ellipse(0.0, -0.43, 0.03, 0.018, darker(first, 0.35))
