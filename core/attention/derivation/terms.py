"""The terms of one attention weight, computed from the input and the parameters of its module.

They are computed independently of the module's code, by the equation in its docstring and in float64, so they agree
with the model's own weight up to rounding. ``derive_weight`` supports the modules of Fovea's own mechanisms; a new
mechanism registers its function there.
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
"""Kinds of rows: a cell of the grid, a token without a cell, a hidden unit, a neighbor, and so on."""
CLASS_TOKEN = "class"
MEAN, MAXIMUM = "mean", "maximum"
KEYS, PRODUCT, UNITS, PLANES, NEIGHBORS = TABLES = ("keys", "product", "units", "planes", "neighbors")
"""Kinds of tables: keys of a softmax, a product by dimension, hidden units, planes and neighbors of a convolution."""


Name = tuple[str, tuple[int | str, ...]]
"""The kind and the position of a row."""


@dataclass(frozen=True)
class Place:
    """The position of a weight: its ``part`` (a head, a channel, a glimpse) and its ``cell`` (row, column).

    In self-attention, ``cell`` is the cell of the query, or None for the class token. For a glimpse, None selects the
    cell with the largest weight.
    """

    part: int | None = None
    cell: tuple[int, int] | None = None


@dataclass(frozen=True)
class Term:
    """One term: its ``kind``, its position (row and column, a number, or a name), and its numbers by column."""

    kind: str
    place: tuple[int | str, ...]
    values: tuple[float, ...]


@dataclass(frozen=True)
class TermTable:
    """Terms, the largest first: the ``columns``, named as in the equation, and the ``rows``.

    ``name`` is one of ``TABLES``, and ``left_out`` counts the rows that are not listed.
    """

    name: str
    columns: tuple[str, ...]
    rows: tuple[Term, ...]
    left_out: int = 0


@dataclass(frozen=True)
class Derivation:
    """The derivation of one ``weight``: its ``equation``, the ``tables`` of its terms, and their ``totals`` by name.

    ``weight`` is derived here, in float64, and equals the last total. ``code`` is the source with which the model
    computes it.
    """

    weight: float
    equation: str
    tables: tuple[TermTable, ...]
    totals: tuple[tuple[str, float], ...]
    code: str


MOST = 8
"""Most rows of a table."""


def largest(name: str, columns: Sequence[str], rows: Sequence[Term], by: int) -> TermTable:
    """Return a table of the rows with the largest absolute values in one column."""
    ordered = sorted(rows, key=lambda row: -abs(row.values[by]))
    return TermTable(name, tuple(columns), tuple(ordered[:MOST]), max(0, len(ordered) - MOST))


def exact(tensor: Tensor | None) -> np.ndarray:
    """Return a tensor as float64; a missing bias is zero."""
    return np.zeros(1) if tensor is None else tensor.detach().cpu().double().numpy()


def source(*functions: Callable[..., object]) -> str:
    """Return the source code of functions, one after another."""
    return "\n".join(textwrap.dedent(inspect.getsource(one)) for one in functions)


def sigmoid(value: float) -> float:
    """1 / (1 + exp(−value))."""
    return 1 / (1 + math.exp(-value)) if value >= 0 else math.exp(value) / (1 + math.exp(value))


@singledispatch
def derive_weight(module: nn.Module, x: Tensor, place: Place) -> Derivation:
    """Derive one weight of a module from its input ``x``: (1, c, h, w), or (1, tokens, c) for a transformer.

    Raises:
        InvalidInput: the module is not one of Fovea's own mechanisms, or has no such part or cell.
    """
    raise InvalidInput(
        "The numbers behind a weight are available for Fovea's own mechanisms only. Choose a model that uses one."
    )


def grid_of(x: Tensor) -> tuple[int, int]:
    """Return the rows and columns of a feature map."""
    return x.shape[-2], x.shape[-1]


def part_of(place: Place, count: int) -> int:
    """Return the part after checking that it exists."""
    if place.part is None or not 0 <= place.part < count:
        raise InvalidInput("Choose a part from 0 to {last}, not {part}.", last=count - 1, part=place.part)
    return place.part


def cell_of(place: Place, grid: tuple[int, int]) -> tuple[int, int]:
    """Return the cell after checking that it lies in the grid."""
    if place.cell is None or not all(0 <= at < side for at, side in zip(place.cell, grid, strict=True)):
        raise InvalidInput("Choose a cell of the grid {grid}, not {cell}.", grid=grid, cell=place.cell)
    return place.cell
