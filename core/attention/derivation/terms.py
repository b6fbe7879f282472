"""The numbers that made one attention weight, from a module's input and its own parameters, term by term.

They are computed a second time in float64, by the equation in the module's text and not by its code, so they agree with
the weight that the model used up to rounding. ``derive_weight`` knows the modules of Fovea's own mechanisms; a new one
registers its function there.
"""

from __future__ import annotations

import inspect
import math
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import singledispatch

import numpy as np
from torch import Tensor, nn

from core.types import InvalidInput

CELL, TOKEN, UNIT, OFFSET, PLANE, DIMENSION = "cell", "token", "unit", "offset", "plane", "dimension"
"""What a row of a table is about: a cell of the grid, a token without one, a hidden unit, a neighbor, and so on."""
CLASS_TOKEN = "class"
MEAN, MAXIMUM = "mean", "maximum"
KEYS, PRODUCT, UNITS, PLANES, NEIGHBORS = TABLES = ("keys", "product", "units", "planes", "neighbors")
"""The tables: every key of a softmax, a product by dimension, hidden units, planes and neighbors of a convolution."""


Name = tuple[str, tuple[int | str, ...]]
"""The kind and the place of a row."""


@dataclass(frozen=True)
class Place:
    """Which weight: of one ``part`` (a head, a channel, a glimpse), and of the ``cell`` (row, column).

    Where tokens are compared, ``cell`` is that of the query, None for the class token. Of a glimpse, None is the cell
    with the largest weight.
    """

    part: int | None = None
    cell: tuple[int, int] | None = None


@dataclass(frozen=True)
class Term:
    """One term: its ``kind``, its place (row and column, or a number, or a name), and its numbers by column."""

    kind: str
    place: tuple[int | str, ...]
    values: tuple[float, ...]


@dataclass(frozen=True)
class TermTable:
    """Terms in the order of their size: the ``columns`` as they are written in an equation, and the ``rows``.

    ``name`` states which sum it is, one of ``TABLES``, and ``left_out`` counts the rows that are not listed.
    """

    name: str
    columns: tuple[str, ...]
    rows: tuple[Term, ...]
    left_out: int = 0


@dataclass(frozen=True)
class Derivation:
    """How one ``weight`` is computed: its ``equation``, the ``tables`` of its terms, and their ``totals`` by name.

    ``weight`` is derived here, in float64. The last total is that weight. ``code`` is the source that computed the
    model's own.
    """

    weight: float
    equation: str
    tables: tuple[TermTable, ...]
    totals: tuple[tuple[str, float], ...]
    code: str


MOST = 8
"""The rows of a table."""


def largest(name: str, columns: Sequence[str], rows: Sequence[Term], by: int) -> TermTable:
    """A table of the rows with the largest size in one column."""
    ordered = sorted(rows, key=lambda row: -abs(row.values[by]))
    return TermTable(name, tuple(columns), tuple(ordered[:MOST]), max(0, len(ordered) - MOST))


def exact(tensor: Tensor | None) -> np.ndarray:
    """A tensor as float64; a bias that a layer lacks is zero."""
    return np.zeros(1) if tensor is None else tensor.detach().cpu().double().numpy()


def source(*functions: Callable[..., object]) -> str:
    """The source of functions, one after another."""
    return "\n".join(textwrap.dedent(inspect.getsource(one)) for one in functions)


def sigmoid(value: float) -> float:
    """1 / (1 + exp(−value))."""
    return 1 / (1 + math.exp(-value)) if value >= 0 else math.exp(value) / (1 + math.exp(value))


@singledispatch
def derive_weight(module: nn.Module, x: Tensor, place: Place) -> Derivation:
    """The derivation of one weight of a module from its input ``x`` (1, c, h, w), or (1, tokens, c) of a transformer.

    Raises:
        InvalidInput: the module is none of Fovea's own, or has no such part or cell.
    """
    raise InvalidInput(
        "The numbers behind a weight are available for Fovea's own mechanisms only. Choose a model that uses one."
    )


def grid_of(x: Tensor) -> tuple[int, int]:
    """Rows and columns of a feature map."""
    return x.shape[-2], x.shape[-1]


def part_of(place: Place, count: int) -> int:
    """The part, checked."""
    if place.part is None or not 0 <= place.part < count:
        raise InvalidInput("Choose a part from 0 to {last}, not {part}.", last=count - 1, part=place.part)
    return place.part


def cell_of(place: Place, grid: tuple[int, int]) -> tuple[int, int]:
    """The cell, checked."""
    if place.cell is None or not all(0 <= at < side for at, side in zip(place.cell, grid, strict=True)):
        raise InvalidInput("Choose a cell of the grid {grid}, not {cell}.", grid=grid, cell=place.cell)
    return place.cell
