"""The attention maps of a reading: which there are, which one is meant, and its values on the picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core import AttentionMap, Reading
from core.attention import ROLLOUT, can_roll, heads, is_nearly_constant, rollout_map, to_grid

MANY = 16
"""Of more maps than these a strip offers each layer's mean over heads, and the heads of the chosen layer only."""


@dataclass(frozen=True)
class Choice:
    """Which attention map is meant: a tap's, and one head of it, or None for the mean of its heads."""

    tap: str
    head: int | None = None

    @property
    def slug(self) -> str:
        """Its name in the address: ``stage4.block1.first`` or ``stage4.block1.first.head2``, heads counted from 1."""
        return self.tap if self.head is None else f"{self.tap}.head{self.head + 1}"


def choices(reading: Reading) -> tuple[Choice, ...]:
    """Every attention map that lies on the picture, heads one by one after their mean, and rollout at the end."""
    found: list[Choice] = []
    for one in reading.maps:
        if one.kind.on_picture:
            found.append(Choice(one.tap))
            found += [Choice(one.tap, head) for head in range(heads(one)) if heads(one) > 1]
    return (*found, *([Choice(ROLLOUT)] if can_roll(reading.maps) else []))


def offered(reading: Reading, chosen: Choice) -> tuple[Choice, ...]:
    """What the strip offers: every map; of many, each layer's mean over heads, then the heads of the chosen layer."""
    every = choices(reading)
    if len(every) <= MANY:
        return every
    means = [one for one in every if one.head is None]
    return (*means, *(one for one in every if one.head is not None and one.tap == chosen.tap))


def find_choice(reading: Reading, slug: str) -> Choice | None:
    """The map of that slug, else the first one of the last module; None where the model has none on the picture.

    The weights of mixed heads, which are no shares of attention, are shown by choice only.
    """
    every, mixed = choices(reading), {one.tap for one in reading.maps if one.kind.signed}
    own = [one for one in every if one.tap != ROLLOUT and one.tap not in mixed] or list(every)
    if not own:
        return None
    default = next(one for one in own if _module(one.tap) == _module(own[-1].tap))
    return next((one for one in every if one.slug == slug), default)


def _module(tap: str) -> str:
    """The module that a tap shares with others; one of a numbered series has none to share."""
    module, _, name = tap.rpartition(".")
    return tap if name[-1:].isdigit() else module


def find_map(reading: Reading, tap: str) -> AttentionMap:
    """The map of that tap, or the rollout of all."""
    return rollout_map(reading.maps) if tap == ROLLOUT else next(one for one in reading.maps if one.tap == tap)


def grid_of(reading: Reading, choice: Choice, query: int | None = None) -> np.ndarray:
    """The map (h, w) that a choice means: the pinned ``query``'s row, else the map at rest, whatever slice is shown."""
    return to_grid(find_map(reading, choice.tap), choice.head, query)


def entering(reading: Reading, choice: Choice, query: int | None) -> AttentionMap | np.ndarray:
    """The attention to compare: a whole map, whose bank of other pictures is known, or the grid of a row or head."""
    if query is not None or choice.head is not None:
        return grid_of(reading, choice, query)
    return find_map(reading, choice.tap)


def selects_positions(reading: Reading) -> bool:
    """Whether any attention map lies on the picture and is not nearly constant there."""
    return any(not is_nearly_constant(find_map(reading, one.tap)) for one in choices(reading))


def uniform_share(reading: Reading, choice: Choice) -> float:
    """The weight that each token would get from a patch that attends uniformly to all it can see."""
    return 1 / find_map(reading, choice.tap).weights.shape[-1]


def strongest(values: np.ndarray, count: int = 3, signed: bool = False) -> Sequence[tuple[int, int, float]]:
    """The cells (row, column, value) of the largest values of a map (h, w), counted from 1, the largest first.

    Those of a ``signed`` map are the largest by their size.
    """
    order = (np.abs(values) if signed else values).ravel().argsort()[::-1][:count]
    return [(int(i) // values.shape[1] + 1, int(i) % values.shape[1] + 1, float(values.ravel()[i])) for i in order]
