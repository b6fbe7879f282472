"""Signposts: two trails of flags begin at the star and at the moon; which fruit is at the end of the star's trail?

The star and the moon show a color, and so does each ball: that of the next flag. Both trails have one, two or three
flags, the last of which has a fruit. Each flag is shown by exactly one star, moon or ball, so nothing is gained by
counting colors.
"""

from __future__ import annotations

from core.scenes.signs import FRUIT
from core.tasks.layout import ANSWER, COLORS, CUE, OTHER, STEP, Chance, Item, Layout, Point
from core.tasks.task import Task

APART = 0.08
"""From the middle of a stop to its flag, star or moon, and to what it shows."""
SIZE = 0.17
LONGEST = 3
NAMES = ("red", "yellow", "green", "blue", "pink", "black")


def length(seed: int) -> int:
    """The number of flags on each trail in the picture of a seed."""
    return 1 + Chance(f"signposts length {seed}").below(LONGEST)


def compose(seed: int, answer: str | None = None) -> Layout:
    """The picture of a seed; with an ``answer``, the star is where the trail to that fruit begins."""
    chance, flags = Chance(f"signposts {seed}"), length(seed)
    ground, middles = chance.ground(), chance.grid(2, 4, 0.2, 0.02)
    fruit, colors = chance.shuffled(FRUIT)[:2], chance.shuffled(NAMES)
    answer = answer or fruit[0]
    stops = iter(middles)
    items: list[Item] = []
    for number, end in enumerate(fruit):
        own = colors[number * flags : (number + 1) * flags]
        signs = ["star" if end == answer else "moon", *own]
        shown = [*own, end]
        for place, (sign, seen) in enumerate(zip(signs, shown, strict=True)):
            x, y = next(stops)
            role = OTHER if end != answer else CUE if place == 0 else ANSWER if place == flags else STEP
            left, right = (x - APART, y), (x + APART, y)
            items.append(
                Item("flag", left, SIZE, COLORS[sign], role) if place else Item(sign, left, SIZE, role=role)
            )
            items.append(
                Item("fruit", right, SIZE, seen, role) if seen == end else Item("ball", right, SIZE, COLORS[seen], role)
            )
    return Layout(ground, tuple(items), answer, (answer, *(one for one in fruit if one != answer)))


SIGNPOSTS = Task(
    slug="tasks-signposts",
    title="Signposts",
    question="Start at the star. Each ball shows the color of the next flag. Which fruit is at the last flag?",
    cue="star or moon",
    classes=FRUIT,
    guess=1 / 2,
    compose=compose,
    essential=1 / 8,
    level=length,
    training=36_000,
)
