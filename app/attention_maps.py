"""The attention maps of a reading: the available choices, the chosen map, and its values over the picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core import AttentionMap, Reading
from core.attention import ROLLOUT, can_roll, heads, is_nearly_constant, rollout_map, to_grid

MANY = 16
"""With more maps than this, the strip contains the mean over heads of each layer, and the heads of one layer only."""


@dataclass(frozen=True)
class Choice:
    """A choice of an attention map: a tap, and one head, or None for the mean over heads."""

    tap: str
    head: int | None = None

    @property
    def slug(self) -> str:
        """The name in the link: ``stage4.block1.first`` or ``stage4.block1.first.head2``, heads counted from 1."""
        return self.tap if self.head is None else f"{self.tap}.head{self.head + 1}"


def choices(reading: Reading) -> tuple[Choice, ...]:
    """Return every attention map over the picture: the mean over heads of each layer, its heads, and rollout."""
    found: list[Choice] = []
    for one in reading.maps:
        if one.kind.on_picture:
            found.append(Choice(one.tap))
            found += [Choice(one.tap, head) for head in range(heads(one)) if heads(one) > 1]
    return (*found, *([Choice(ROLLOUT)] if can_roll(reading.maps) else []))


def offered(reading: Reading, chosen: Choice) -> tuple[Choice, ...]:
    """Return the maps of the strip: all, or of many the means over heads and the heads of the chosen layer."""
    every = choices(reading)
    if len(every) <= MANY:
        return every
    means = [one for one in every if one.head is None]
    return (*means, *(one for one in every if one.head is not None and one.tap == chosen.tap))


def find_choice(reading: Reading, slug: str) -> Choice | None:
    """Return the map of that slug, else the first map of the last module; None if no map lies on the picture.

    Weights after head mixing are not shares of attention, so they are never the default.
    """
    every, mixed = choices(reading), {one.tap for one in reading.maps if one.kind.signed}
    own = [one for one in every if one.tap != ROLLOUT and one.tap not in mixed] or list(every)
    if not own:
        return None
    default = next(one for one in own if _module(one.tap) == _module(own[-1].tap))
    return next((one for one in every if one.slug == slug), default)


def _module(tap: str) -> str:
    """Return the module that a tap shares with other taps; a module of a numbered series is not shared."""
    module, _, name = tap.rpartition(".")
    return tap if name[-1:].isdigit() else module


def find_map(reading: Reading, tap: str) -> AttentionMap:
    """The map of that tap, or the rollout of all."""
    return rollout_map(reading.maps) if tap == ROLLOUT else next(one for one in reading.maps if one.tap == tap)


def grid_of(reading: Reading, choice: Choice, query: int | None = None) -> np.ndarray:
    """Return the map (h, w) of a choice: the row of the pinned ``query``, else the default map of all slices."""
    return to_grid(find_map(reading, choice.tap), choice.head, query)


def entering(reading: Reading, choice: Choice, query: int | None) -> AttentionMap | np.ndarray:
    """Return the attention to compare: a whole map, for which a bank exists, or the grid of a row or head."""
    if query is not None or choice.head is not None:
        return grid_of(reading, choice, query)
    return find_map(reading, choice.tap)


def selects_positions(reading: Reading) -> bool:
    """Whether any attention map lies on the picture and is not nearly constant there."""
    return any(not is_nearly_constant(find_map(reading, one.tap)) for one in choices(reading))


def uniform_share(reading: Reading, choice: Choice) -> float:
    """Return the weight of each token if a patch attends uniformly to all tokens that it may attend to."""
    return 1 / find_map(reading, choice.tap).weights.shape[-1]


def strongest(values: np.ndarray, count: int = 3, signed: bool = False) -> Sequence[tuple[int, int, float]]:
    """Return the cells (row, column, value) with the largest values of a map (h, w), counted from 1, the largest first.

    In a ``signed`` map, absolute values count.
    """
    order = (np.abs(values) if signed else values).ravel().argsort()[::-1][:count]
    return [(int(i) // values.shape[1] + 1, int(i) % values.shape[1] + 1, float(values.ravel()[i])) for i in order]
