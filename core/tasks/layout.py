"""The layout of a task's picture: items on a ground, and the roles of the items that matter."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import TypeVar

from core.scenes.grounds import GROUNDS, VARIANTS

T = TypeVar("T")
Point = tuple[float, float]
Paint = tuple[int, int, int] | str | None

OTHER, CUE, STEP, ANSWER = "other", "cue", "step", "answer"
ROLES = (CUE, STEP, ANSWER)
"""The roles: the cue, each step, and the object with the answer."""

MARGIN = 0.11
COLORS: dict[str, tuple[int, int, int]] = {
    "red": (218, 40, 57),
    "yellow": (246, 190, 36),
    "green": (42, 160, 78),
    "blue": (40, 106, 214),
    "pink": (244, 134, 184),
    "black": (44, 47, 60),
}
"""Colors that have a name, and are distinguished at a glance."""


@dataclass(frozen=True)
class Item:
    """A sticker: its drawing's ``name``, its middle ``at`` (x, y) and its ``size`` in units of the picture's side."""

    name: str
    at: Point
    size: float = 0.2
    paint: Paint = None
    role: str = OTHER
    chance: int = 0
    mirror: bool = False


@dataclass(frozen=True)
class Layout:
    """The composition of a picture: a ``ground``, ``items`` in the order in which they are laid, and the ``answer``.

    ``answers`` are the answers for all possible cues of this picture, its own first.
    """

    ground: int
    items: tuple[Item, ...]
    answer: str
    answers: tuple[str, ...]

    def essential(self) -> Layout:
        """The same picture with only the items that the answer depends on."""
        return replace(self, items=tuple(item for item in self.items if item.role in ROLES))


class Chance:
    """Random choices by arithmetic on ``random()`` alone, so that a seed gives the same picture on every machine."""

    def __init__(self, key: str):
        self.random = Random(key).random

    def below(self, count: int) -> int:
        """A whole number from 0 to ``count`` - 1."""
        return int(self.random() * count)

    def between(self, low: float, high: float) -> float:
        """A number between the two."""
        return low + (high - low) * self.random()

    def shuffled(self, options: Sequence[T]) -> list[T]:
        """The options in any order."""
        keyed = sorted((self.random(), index) for index in range(len(options)))
        return [options[index] for _, index in keyed]

    def ground(self) -> int:
        """One of the grounds."""
        return self.below(len(GROUNDS) * VARIANTS)

    def item(self, name: str, at: Point, size: float = 0.2, paint: Paint = None, role: str = OTHER) -> Item:
        """An item of about that size whose details are left to chance."""
        return Item(name, at, size * (0.95, 1.0, 1.05)[self.below(3)], paint, role, self.below(12), self.below(2) == 1)

    def grid(self, columns: int, rows: int, margin: float, jitter: float) -> list[Point]:
        """The middles of a grid of cells, each off by up to ``jitter``, in any order.

        None is nearer to the left and the right edge than the ``margin``, or to the others than 0.15.
        """

        def at(number: int, count: int, margin: float) -> float:
            step = (1 - 2 * margin - 2 * jitter) / (count - 1)
            return margin + jitter + number * step + self.between(-jitter, jitter)

        cells = self.shuffled([(column, row) for row in range(rows) for column in range(columns)])
        return [(at(column, columns, margin), at(row, rows, min(margin, 0.15))) for column, row in cells]

    def points(self, count: int, allowed: Callable[[list[Point], Point], bool]) -> list[Point]:
        """``count`` middles, each ``allowed`` after the ones before it."""
        while True:
            found: list[Point] = []
            for _ in range(40 * count):
                point = self.between(MARGIN, 1 - MARGIN), self.between(MARGIN, 1 - MARGIN)
                if allowed(found, point):
                    found.append(point)
                if len(found) == count:
                    return found


def distance(first: Point, second: Point) -> float:
    """Return the larger of the two coordinate distances: the side of a square window that contains both points."""
    return max(abs(first[0] - second[0]), abs(first[1] - second[1]))
