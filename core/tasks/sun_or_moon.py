"""Sun or moon: an animal and a vehicle in two different colors; far away the sun or the moon shows which one counts.

Each color is as likely for either, so neither the cue nor the colors favor an answer.
"""

from __future__ import annotations

from core.tasks.layout import ANSWER, COLORS, CUE, OTHER, Chance, Item, Layout, Point, distance
from core.tasks.task import Task

NAMES = ("red", "yellow", "green", "blue")
ANIMALS = ("fish", "bird")
FAR = 0.52
"""Farther than the receptive field and an object together, so that no cell of the grid sees both."""


def _allowed(found: list[Point], point: Point) -> bool:
    if not found:
        return True  # the cue
    return distance(found[0], point) >= FAR and all(distance(other, point) >= 0.24 for other in found[1:])


def compose(seed: int, answer: str | None = None) -> Layout:
    """The picture of a seed; with an ``answer``, its cue is the one that leads there."""
    chance = Chance(f"sun or moon {seed}")
    ground, (sky, *middles) = chance.ground(), chance.points(3, _allowed)
    colors, by_sun, animal = chance.shuffled(NAMES)[:2], chance.below(2) == 0, ANIMALS[chance.below(len(ANIMALS))]
    answers = tuple(colors if by_sun else reversed(colors))
    answer = answer or answers[0]
    by_sun = answer == colors[0]
    items = [Item("sun" if by_sun else "moon", sky, 0.26, role=CUE)]
    for name, color, at, counts in zip((animal, "car"), colors, middles, (by_sun, not by_sun), strict=True):
        items.append(chance.item(name, at, 0.2, COLORS[color], ANSWER if counts else OTHER))
    return Layout(ground, tuple(items), answer, answers)


SUN_OR_MOON = Task(
    slug="tasks-sun-or-moon",
    title="Sun or moon",
    question="If you see the sun, what color is the animal? If you see the moon, what color is the car?",
    cue="sun or moon",
    classes=NAMES,
    chance=1 / 2,
    compose=compose,
    first=3,
    essential=1 / 8,  # else self-attention learns to compare the two objects, and fails where one is missing
)
