"""Signposts: the star shows a color; the flag of that color shows the next one; which fruit lies at the end?

Five flags of five colors. Three of them have a fruit, each another one; two have a ball whose color shows which flag
comes next, as the star has. A trail takes one, two or three steps. All colors of flags are there every time.
"""

from __future__ import annotations

from core.scenes.signs import FRUIT
from core.tasks.layout import ANSWER, COLORS, CUE, OTHER, STEP, Chance, Item, Layout, Point
from core.tasks.task import Task

APART = 0.08
"""From the middle of a stop to its flag, and to what it shows."""
LONGEST = 3
NAMES = ("red", "yellow", "green", "blue", "black")


def _trail(chance: Chance, fruit: list[str], steps: int) -> dict[str, str]:
    """Where each ball leads, by name: the star's trail takes so many steps; a ball off the trail leads to any fruit."""
    first, second = chance.shuffled(("A", "B"))
    end, *others = (fruit[chance.below(len(fruit))] for _ in range(3))  # the others say nothing of the end
    if steps == 1:
        return {"star": end, first: others[0], second: others[1]}
    if steps == 2:
        return {"star": first, first: end, second: others[0]}
    return {"star": first, first: second, second: end}


def follow(leads: dict[str, str], start: str = "star") -> list[str]:
    """The stops on the way from ``start``, the fruit last."""
    stops = [leads[start]]
    while stops[-1] in leads:
        stops.append(leads[stops[-1]])
    return stops


def compose(seed: int, answer: str | None = None) -> Layout:
    """The picture of a seed; with an ``answer``, the last ball of the trail has the color of that fruit's flag."""
    chance = Chance(f"signposts {seed}")
    ground, middles = chance.ground(), chance.grid(2, 3, 0.2, 0.03)
    fruit = chance.shuffled(FRUIT)[:3]
    leads = _trail(chance, fruit, 1 + chance.below(LONGEST))
    stops = follow(leads)
    own = stops[-1]
    answer, answers = answer or own, (own, *(one for one in fruit if one != own))
    last = (["star", *stops])[-2]
    leads[last] = answer
    stops = follow(leads)
    colors = dict(zip(("A", "B", *fruit), chance.shuffled(NAMES), strict=True))
    items: list[Item] = []
    for (x, y), name in zip(middles, ("star", "A", "B", *fruit), strict=True):
        role = CUE if name == "star" else ANSWER if name == answer else STEP if name in stops else OTHER
        left: Point = (x - APART, y)
        items.append(
            Item("star", left, 0.18, role=role)
            if name == "star"
            else Item("flag", left, 0.2, COLORS[colors[name]], role)
        )
        shown = ("fruit", name) if name in fruit else ("ball", COLORS[colors[leads[name]]])
        items.append(Item(shown[0], (x + APART, y), 0.17, shown[1], role))
    return Layout(ground, tuple(items), answer, answers)


SIGNPOSTS = Task(
    slug="tasks-signposts",
    title="Signposts",
    question="Start at the star. Each ball shows the color of the next flag. Which fruit is at the last flag?",
    cue="color of the last ball",
    classes=FRUIT,
    guess=1 / 3,
    compose=compose,
)
