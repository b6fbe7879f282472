"""Same row: four different objects, one in each row, and a star far away in the row of one of them.

Without the star, the accuracy of guessing is 1/4.
"""

from __future__ import annotations

from core.tasks.layout import ANSWER, CUE, MARGIN, OTHER, Chance, Item, Layout
from core.tasks.task import Task

KINDS = ("house", "balloon", "tree", "mushroom", "fish", "bird", "car", "rocket")
FAR = 0.49
"""Farther than the receptive field and an object together, so that no cell of the grid sees both."""
STEP = (1 - 2 * MARGIN) / 3 - 0.01


def _columns(chance: Chance, rows: list[float]) -> tuple[float, list[float]]:
    """The star's column and those of the objects: wherever the star stands, none of them is near it."""
    while True:
        star = chance.between(MARGIN, 1 - MARGIN)
        columns = [chance.between(MARGIN, 1 - MARGIN) for _ in rows]
        if all(abs(star - column) >= FAR for column in columns):  # it may stand in the row of any
            return star, columns


def compose(seed: int, answer: str | None = None) -> Layout:
    """The picture of a seed; with an ``answer``, its star stands in the row of that object."""
    chance = Chance(f"same row {seed}")
    ground, top, kinds = chance.ground(), MARGIN + chance.between(0, 0.03), chance.shuffled(KINDS)[:4]
    rows = chance.shuffled([top + STEP * row for row in range(4)])
    star, columns = _columns(chance, rows)
    answer, answers = answer or kinds[0], tuple(kinds)
    items = [Item("star", (star, rows[kinds.index(answer)]), 0.22, role=CUE)]
    for kind, column, row in zip(kinds, columns, rows, strict=True):
        items.append(chance.item(kind, (column, row), role=ANSWER if kind == answer else OTHER))
    return Layout(ground, tuple(items), answer, answers)


SAME_ROW = Task(
    slug="tasks-same-row",
    title="Same row",
    question="Which object is in the same row as the star?",
    cue="star",
    classes=KINDS,
    chance=1 / 4,
    compose=compose,
)
