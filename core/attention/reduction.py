"""An attention map as one map over the picture: what is drawn, and what is compared with an attribution."""

from __future__ import annotations

import numpy as np

from core.types import AttentionMap, InvalidInput, Kind


def to_grid(attention: AttentionMap, head: int | None = None, query: int | None = None) -> np.ndarray:
    """One map (h, w) of an attention map, float32.

    SPATIAL as it is; FEATURE the mean over channels; SEQUENCE the mean over steps. PAIRWISE and WINDOWED: the row of
    the pinned ``query``, a cell of the grid counted row by row; without one the class token's row where there is a
    class token, else the mean over queries; of one ``head``, or the mean over heads. A window's row is zero outside of
    it.

    Raises:
        InvalidInput: a CHANNEL attention, which has no place in the picture, or a head or query that is not there.
    """
    if attention.kind == Kind.CHANNEL:
        raise InvalidInput(f"{attention.tap} weighs channels and has no place in the picture; show it as bars.")
    if attention.kind == Kind.SPATIAL:
        return attention.weights
    if attention.kind in (Kind.FEATURE, Kind.SEQUENCE):
        return attention.weights.mean(0)
    if attention.kind == Kind.WINDOWED:
        return _window_grid(attention, head, query)
    if query is not None:
        return rows(attention, head)[_place(query, attention.grid[0] * attention.grid[1], "query")]
    weights = _of_head(attention.weights, head, 0)
    row = weights[0] if _tokens(attention) else weights.mean(0)
    return row[_tokens(attention) :].reshape(attention.grid)


def rows(attention: AttentionMap, head: int | None = None) -> np.ndarray:
    """What every cell of a PAIRWISE map attends to: (n, h, w) float32, the class token left out.

    Raises:
        InvalidInput: a map of another kind, a head that is not there, or queries that are not the cells of the grid.
    """
    if attention.kind != Kind.PAIRWISE:
        raise InvalidInput(f"{attention.tap} does not compare patches with each other; it has no row for a patch.")
    first, cells = _tokens(attention), attention.grid[0] * attention.grid[1]
    if attention.weights.shape[1] != cells + first:
        raise InvalidInput(f"The queries of {attention.tap} are not the cells of its grid; it has no row for a patch.")
    return _of_head(attention.weights, head, 0)[first:, first:].reshape(cells, *attention.grid)


def _tokens(attention: AttentionMap) -> int:
    """How many tokens come before the cells of a PAIRWISE attention: 1 with a class token."""
    return attention.weights.shape[2] - attention.grid[0] * attention.grid[1]


def _window_grid(attention: AttentionMap, head: int | None, query: int | None) -> np.ndarray:
    weights = _of_head(attention.weights, head, 1)  # (windows, n, n)
    grid = np.zeros(attention.grid[0] * attention.grid[1], np.float32)
    if query is None:
        # Every cell is a query of one window, so the mean over all queries is the sum over the window's, over all.
        grid[attention.cells] = weights.sum(1) / grid.size
    else:
        _place(query, grid.size, "query")
        window, token = np.argwhere(attention.cells == query)[0]
        grid[attention.cells[window]] = weights[window, token]
    return grid.reshape(attention.grid)


def _of_head(weights: np.ndarray, head: int | None, axis: int) -> np.ndarray:
    if head is None:
        return weights.mean(axis)
    return weights.take(_place(head, weights.shape[axis], "head"), axis)


def _place(number: int, count: int, name: str) -> int:
    if not 0 <= number < count:
        raise InvalidInput(f"Choose a {name} from 0 to {count - 1}, not {number}.")
    return number
