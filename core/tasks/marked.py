"""Marked: nine different objects, one of which is framed. Every picture contains all nine."""

from __future__ import annotations

from core.tasks.layout import ANSWER, CUE, OTHER, Chance, Item, Layout
from core.tasks.task import Task

KINDS = ("house", "boat", "balloon", "tree", "mushroom", "fish", "bird", "car", "rocket")


def compose(seed: int, answer: str | None = None) -> Layout:
    """The picture of a seed; with an ``answer``, its frame stands around that object."""
    chance = Chance(f"marked {seed}")
    ground, middles = chance.ground(), chance.grid(3, 3, 0.16, 0.02)
    kinds = chance.shuffled(KINDS)
    answer, answers = answer or kinds[0], tuple(kinds)
    items: list[Item] = []
    for kind, at in zip(kinds, middles, strict=True):
        marked = kind == answer
        items.append(chance.item(kind, at, role=ANSWER if marked else OTHER))
        if marked:
            items.append(Item("frame", at, 0.28, role=CUE))
    return Layout(ground, tuple(items), answer, answers)


MARKED = Task(
    slug="tasks-marked",
    title="Marked",
    question="Which object is inside the frame?",
    cue="frame",
    classes=KINDS,
    chance=1 / 9,
    compose=compose,
    first=6,
)
