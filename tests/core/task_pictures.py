"""Pictures of tasks taken apart: their answer derived by hand, and what is left when some of their items are away."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np

from core import scenes
from core.tasks import CUE, Item, Layout, Task, draw
from core.tasks.layout import COLORS

ANIMALS = {"fish", "bird"}
SHADOW = 5
"""Pixels of a picture of 128 px by which a soft edge and a shadow reach beyond a sticker's mask."""


def seeds(count: int, first: int = 0) -> range:
    """Seeds of validation."""
    return scenes.seeds("val", count, first)


# What a picture answers, from the names, middles, sizes and colors of its items alone


def _named(items: Iterable[Item], *names: str) -> Item:
    found = [one for one in items if one.name in names]
    assert len(found) == 1, f"{len(found)} of {names}"
    return found[0]


def _sun_or_moon(items: tuple[Item, ...]) -> str:
    asked = ANIMALS if _named(items, "sun", "moon").name == "sun" else {"car"}
    paint = _named(items, *asked).paint
    return next(name for name, color in COLORS.items() if color == paint)


def _marked(items: tuple[Item, ...]) -> str:
    frame = _named(items, "frame")
    reach = frame.size / 2
    inside = [
        one.name
        for one in items
        if one is not frame and max(abs(one.at[0] - frame.at[0]), abs(one.at[1] - frame.at[1])) < reach
    ]
    assert len(inside) == 1
    return inside[0]


def _same_row(items: tuple[Item, ...]) -> str:
    star = _named(items, "star")
    nearest, next_one = sorted((one for one in items if one is not star), key=lambda one: abs(one.at[1] - star.at[1]))[
        :2
    ]
    assert abs(nearest.at[1] - star.at[1]) < 0.02 and abs(next_one.at[1] - star.at[1]) > 0.2
    return nearest.name


def trail(items: tuple[Item, ...], start: str = "star") -> list[Item]:
    """What is shown at each stop of signposts, from the star (or the moon) on; the last one is the fruit."""
    shown = [one for one in items if one.name in ("ball", "fruit")]

    def next_to(sign: Item) -> Item:
        return min(shown, key=lambda one: abs(one.at[0] - sign.at[0]) + 9 * abs(one.at[1] - sign.at[1]))

    flags = {one.paint: next_to(one) for one in items if one.name == "flag"}
    assert len(flags) == len(shown) - 2
    way = [next_to(_named(items, start))]
    while way[-1].name == "ball":
        way.append(flags[way[-1].paint])
        assert len(way) <= len(shown)
    return way


def _odd_one_out(items: tuple[Item, ...]) -> str:
    counted = Counter(one.paint for one in items)
    assert sorted(counted.values()) == [1, 2, 2]
    return next(one.name for one in items if counted[one.paint] == 1)


BY_HAND: dict[str, Callable[[tuple[Item, ...]], str]] = {
    "tasks-sun-or-moon": _sun_or_moon,
    "tasks-marked": _marked,
    "tasks-same-row": _same_row,
    "tasks-signposts": lambda items: str(trail(items)[-1].paint),
    "tasks-odd-one-out": _odd_one_out,
}


# What is left


def bare(item: Item) -> Item:
    """The item without what it means."""
    return replace(item, role="other")


def moved(layout: Layout, other: Layout) -> list[Item]:
    """The items of a picture that another one does not have as they are here."""
    there = {bare(one) for one in other.items}
    return [one for one in layout.items if bare(one) not in there]


def without(layout: Layout, gone: Iterable[Item]) -> Layout:
    """The picture without some of its items."""
    gone = list(gone)
    return replace(layout, items=tuple(one for one in layout.items if one not in gone))


def of_roles(layout: Layout, *roles: str) -> Layout:
    """The picture with the items of these roles alone."""
    return replace(layout, items=tuple(one for one in layout.items if one.role in roles))


def uncued(task: Task, seed: int) -> Layout:
    """The picture of a seed without what another cue changes: nothing is left that says which answer it is."""
    own = task.compose(seed, None)
    others = [task.compose(seed, answer) for answer in own.answers[1:]]
    return without(own, [one for other in others for one in moved(own, other)])


def shape(item: Item, ground: int, size: int = 128) -> np.ndarray:
    """Where an item would be seen with nothing before it, (size, size) bool."""
    return draw(Layout(ground, (replace(item, role=CUE),), "", ()), size).masks[CUE]


def grown(mask: np.ndarray, by: int) -> np.ndarray:
    """The mask with all within ``by`` pixels of it along either axis."""
    framed = np.pad(mask, by)
    high, wide = mask.shape
    shifts = range(2 * by + 1)
    lines = np.logical_or.reduce([framed[row : row + high] for row in shifts])
    return np.logical_or.reduce([lines[:, column : column + wide] for column in shifts])
