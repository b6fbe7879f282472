"""Reduce an attention map to one map over the picture, for display or for comparison with an attribution."""

from __future__ import annotations

import numpy as np

from core import checking
from core.types import AttentionMap, InvalidInput


def heads(attention: AttentionMap) -> int:
    """Return the number of parts that compare tokens, such as heads; 0 for a kind without them."""
    kind = attention.kind
    return attention.weights.shape[kind.part_axis] if kind.compares and kind.part else 0


def class_token(attention: AttentionMap) -> int | None:
    """Return the index of the class token of a PAIRWISE map; None if there is none."""
    if not attention.kind.compares_all:
        return None
    names = (*attention.prefix, *[""] * _count(attention), *attention.suffix)
    return names.index("class") if "class" in names else None


def has_token(attention: AttentionMap) -> bool:
    """Return whether a PAIRWISE map has a class token."""
    return class_token(attention) is not None


def patches(attention: AttentionMap) -> slice:
    """Return the tokens of a PAIRWISE map that are cells of the grid.

    Raises:
        InvalidInput: the number of tokens does not match the cells of the grid plus the named other tokens.
    """
    first, count = len(attention.prefix), _count(attention)
    if attention.weights.shape[-1] != first + count + len(attention.suffix):
        others = first + len(attention.suffix)
        raise InvalidInput(
            "{tap} has {tokens} tokens, but its grid has {count} cells and {others} prefix and suffix tokens are "
            "named. Name each token before and after the patches.",
            tap=attention.tap,
            tokens=attention.weights.shape[-1],
            count=count,
            others=others,
        )
    return slice(first, first + count)


def has_rows(attention: AttentionMap) -> bool:
    """Return whether every cell of the grid is a query, so that each has a row of weights."""
    if attention.kind.compares_all:
        return attention.weights.shape[1] == _count(attention) + len(attention.prefix) + len(attention.suffix)
    return attention.kind.windowed and not attention.kind.others


def to_grid(attention: AttentionMap, head: int | None = None, query: int | None = None) -> np.ndarray:
    """Reduce an attention map to one map (h, w), float32.

    SPATIAL: unchanged. FEATURE: the mean over channels. SEQUENCE: the mean over steps. PAIRWISE and WINDOWED: the row
    of the pinned ``query``, a cell of the grid counted row by row; without a query, the row of the class token if there
    is one, else the mean over the rows of all patches. The row is that of one ``head``, or the mean over heads. A row
    of a window is zero outside the window. Padding is left out, both as queries and as keys. KEY_WINDOWS: the mean over
    the rows of all queries, which are no cells of the grid.

    Raises:
        InvalidInput: a CHANNEL map, which has no position in the picture, or no such head or query.
    """
    kind = attention.kind
    if not kind.on_picture:
        raise InvalidInput(
            "{tap} weights channels, which have no position in the picture. Show it as bars.", tap=attention.tap
        )
    if not kind.compares:
        others = kind.other_axes("row", "column")
        return attention.weights.mean(others) if others else attention.weights
    if kind.compares_all and query is None:
        return _row_at_rest(attention, head)[patches(attention)].reshape(attention.grid)
    if attention.cells is not None and kind.others and query is None:
        keys = _of_head(attention, head).mean(1) / len(attention.cells)
        grid = np.zeros(_count(attention) + 1, np.float32)
        np.add.at(grid, attention.cells, keys)  # a cell may be in several windows
        return grid[:-1].reshape(attention.grid)
    weights, cells = rows(attention, head)
    grid = np.zeros(_count(attention) + 1, np.float32)  # the last element receives the padding, cell -1
    if query is None:
        real = cells >= 0
        grid[cells] = (weights * real[:, :, None]).sum(1) / real.sum()
    else:
        window, token = np.argwhere(cells == _place(query, _count(attention), "query"))[0]
        grid[cells[window]] = weights[window, token]
    return grid[:-1].reshape(attention.grid)


def share_off_grid(attention: AttentionMap, head: int | None = None) -> float | None:
    """Return the share of a PAIRWISE map on tokens without a position in the picture, such as the class token.

    It is the part of a row that ``to_grid`` leaves out, for the same ``head`` and without a pinned query. None if there
    are no such tokens, or if the weights are not shares of one, as after head mixing.

    Raises:
        InvalidInput: no such head.
    """
    if not attention.kind.compares_all or attention.kind.signed or not (attention.prefix or attention.suffix):
        return None
    row = _row_at_rest(attention, head).astype(np.float64)
    if row.min() < 0 or not row.sum() > 0:
        return None
    return float(1 - row[patches(attention)].sum() / row.sum())


def rows(attention: AttentionMap, head: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Return the weights between all tokens (windows, n, n), query before key, and their cells (windows, n).

    The weights are those of one ``head``, or the mean over heads. ``cells`` gives the cell of each token, counted row
    by row; -1 for padding. A PAIRWISE map is one window of all cells, without its other tokens.

    Raises:
        InvalidInput: a map of another kind, no such head, or queries that are not the cells of the grid.
    """
    if not has_rows(attention):
        raise InvalidInput(
            "{tap} has no attention of a single patch, because it does not compare patches with each other. "
            "Leave out the query.",
            tap=attention.tap,
        )
    weights = _of_head(attention, head)
    if attention.cells is not None:
        return weights, attention.cells
    own = patches(attention)
    return weights[None, own, own], np.arange(_count(attention))[None]


def _row_at_rest(attention: AttentionMap, head: int | None) -> np.ndarray:
    """Return the weights (n,) of a PAIRWISE map: the row of the class token, else the mean over the rows of patches."""
    weights, token = _of_head(attention, head), class_token(attention)
    # queries may lie on a finer grid than keys, with the same tokens before and after
    if token is not None and len(weights) > 1:
        return weights[token if token < len(attention.prefix) else token - weights.shape[1]]
    return (weights[patches(attention)] if has_rows(attention) else weights).mean(0)


def _count(attention: AttentionMap) -> int:
    """Return the number of cells of the grid."""
    return attention.grid[0] * attention.grid[1]


def _of_head(attention: AttentionMap, head: int | None) -> np.ndarray:
    axis = attention.kind.part_axis
    if not attention.kind.part and head is None:
        return attention.weights
    if head is None:
        return attention.weights.mean(axis)
    return attention.weights.take(_place(head, heads(attention), "head"), axis)


def _place(number: int, count: int, name: str) -> int:
    return checking.whole(number, 0, count - 1, f"The number of a {name}")
