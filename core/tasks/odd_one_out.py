"""Odd one out: five different objects; two pairs share a color, and one object has its own.

Colors are any on the color circle and differ from picture to picture, so that counting colors does not help: objects
must be compared with each other.
"""

from __future__ import annotations

import colorsys

from core.tasks.layout import ANSWER, STEP, Chance, Layout, Paint, Point, distance
from core.tasks.task import Task

KINDS = ("fish", "bird", "car", "mushroom", "umbrella", "boat", "balloon")
APART = 0.3
CLOSEST = 0.14
"""How far the hues of two colors lie apart at least, as a share of the circle."""


def _paint(hue: float) -> Paint:
    red, green, blue = colorsys.hsv_to_rgb(hue, 0.72, 0.86)
    return round(255 * red), round(255 * green), round(255 * blue)


def _hues(chance: Chance) -> list[float]:
    """Three hues that can be distinguished: those of the two pairs, and that of the odd one."""
    while True:
        found = [chance.between(0, 1) for _ in range(3)]
        gaps = [abs(one - other) for index, one in enumerate(found) for other in found[:index]]
        if all(min(gap, 1 - gap) >= CLOSEST for gap in gaps):
            return found


def _allowed(found: list[Point], point: Point) -> bool:
    return all(distance(other, point) >= APART for other in found)


def compose(seed: int, answer: str | None = None) -> Layout:
    """The picture of a seed; with an ``answer``, that object has exchanged its color with the odd one."""
    chance = Chance(f"odd one out {seed}")
    ground, middles = chance.ground(), chance.points(5, _allowed)
    kinds, (first, second, odd) = chance.shuffled(KINDS)[:5], _hues(chance)
    hues = dict(zip(kinds, (odd, first, first, second, second), strict=True))
    answer, answers = answer or kinds[0], tuple(kinds)
    hues[kinds[0]], hues[answer] = hues[answer], hues[kinds[0]]
    items = [
        chance.item(kind, at, 0.2, _paint(hues[kind]), ANSWER if kind == answer else STEP)
        for kind, at in zip(kinds, middles, strict=True)
    ]
    return Layout(ground, tuple(items), answer, answers)


ODD_ONE_OUT = Task(
    slug="tasks-odd-one-out",
    title="Odd one out",
    question="Which object has a color that no other object has?",
    cue="color of the odd object",
    classes=KINDS,
    chance=1 / 5,
    compose=compose,
)
