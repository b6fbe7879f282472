"""Signposts: two trails of flags begin at the star and at the moon; which fruit is at the end of the star's trail?

The star and the moon show a color, and so does each ball: that of the next flag. Both trails have one, two or three
flags, the last of which has a fruit. Each flag is shown by exactly one star, moon or ball, so nothing is gained by
counting colors.
"""

from __future__ import annotations

from core.scenes.signs import FRUIT
from core.tasks.layout import ANSWER, COLORS, CUE, OTHER, STEP, Chance, Item, Layout
from core.tasks.task import Task

SIZES = {"flag": 0.25, "star": 0.27, "moon": 0.24}
SHOWN = 0.14
"""The sizes of the signs, and of what each shows, in sides of the picture."""
CLOTH = (0.012, -0.008)
"""From the middle of a flag to the middle of its cloth, (x, y) in sides of the picture."""
LONGEST = 3
NAMES = ("red", "yellow", "green", "blue", "pink", "black")


def length(seed: int) -> int:
    """The number of flags on each trail in the picture of a seed."""
    return 1 + Chance(f"signposts length {seed}").below(LONGEST)


def compose(seed: int, answer: str | None = None) -> Layout:
    """The picture of a seed; with an ``answer``, the star is where the trail to that fruit begins."""
    chance, flags = Chance(f"signposts {seed}"), length(seed)
    ground, middles = chance.ground(), chance.grid(3, 3, 0.16, 0.02)
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
            if place:
                items.append(Item("flag", (x - CLOTH[0], y - CLOTH[1]), SIZES["flag"], COLORS[sign], role))
            else:
                items.append(Item(sign, (x, y), SIZES[sign], role=role))
            kind, paint = ("fruit", seen) if seen == end else ("ball", COLORS[seen])
            items.append(Item(kind, (x, y), SHOWN, paint, role))
    return Layout(ground, tuple(items), answer, (answer, *(one for one in fruit if one != answer)))


SIGNPOSTS = Task(
    slug="tasks-signposts",
    title="Signposts",
    question="Start at the star. Each ball shows the color of the next flag. Which fruit is at the last flag?",
    cue="star or moon",
    classes=FRUIT,
    chance=1 / 2,
    compose=compose,
    essential=1 / 8,
    level=length,
    training=36_000,
)
