"""Derivation of softmax attention: one score for each key, by a product with a query or by a projection."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from core.attention.attention_pooling import AttentionPooling
from core.attention.derivation.terms import (
    CELL,
    CLASS_TOKEN,
    DIMENSION,
    KEYS,
    PRODUCT,
    TOKEN,
    Derivation,
    Name,
    Place,
    Term,
    TermTable,
    cell_of,
    derive_weight,
    exact,
    grid_of,
    largest,
    part_of,
    source,
)
from core.attention.dot_product import attend
from core.attention.recurrent import RecurrentAttention
from core.attention.self_attention import SelfAttention
from core.attention.transformer import TokenAttention


def softmax_weight(
    columns: Mapping[str, np.ndarray],
    names: Sequence[Name],
    chosen: int,
    equation: str,
    code: str,
    *more: TermTable,
) -> Derivation:
    """A softmax over the sum of ``columns`` (m,): the terms of every key, the derivation of the ``chosen`` one.

    The first column stays as it is and is not added: what the second was computed from.
    """
    others = list(columns)[1:]
    scores = np.sum([columns[name] for name in others], 0)
    shifted = np.exp(scores - scores.max())
    weights = shifted / shifted.sum()
    shown = {**columns, **({"s": scores} if len(others) > 1 else {}), "exp(s − max s)": shifted, "a": weights}
    rows = [Term(*name, tuple(float(one[i]) for one in shown.values())) for i, name in enumerate(names)]
    table = largest(KEYS, tuple(shown), rows, by=len(shown) - 1)
    totals = (
        ("max s", float(scores.max())),
        ("Σ exp(s − max s)", float(shifted.sum())),
        ("exp(s − max s)", float(shifted[chosen])),
        ("a", float(weights[chosen])),
    )
    return Derivation(float(weights[chosen]), equation, (table, *more), totals, code)


def products(query: np.ndarray, key: np.ndarray) -> TermTable:
    """Return the terms of q · k, dimension by dimension."""
    rows = [
        Term(DIMENSION, (i,), (float(q), float(k), float(q * k)))
        for i, (q, k) in enumerate(zip(query, key, strict=True))
    ]
    return largest(PRODUCT, ("qᵢ", "kᵢ", "qᵢ kᵢ"), rows, by=2)


def cells(grid: tuple[int, int]) -> list[Name]:
    """Return the names of the cells of a grid, row by row."""
    return [(CELL, (row, column)) for row, column in np.ndindex(*grid)]


def compared(
    queries: np.ndarray,
    keys: np.ndarray,
    names: Sequence[Name],
    at: int,
    equation: str,
    code: str,
    *,
    bias: np.ndarray | None = None,
    chosen: int | None = None,
) -> Derivation:
    """One row of scaled dot products: the query (d,) at ``at`` of ``queries`` (n, d), every key of ``keys`` (m, d).

    The derived weight is that of the ``chosen`` key, by default the largest of the row.
    """
    query, root = queries[at], math.sqrt(queries.shape[1])
    dots = keys @ query
    scores = dots / root + (0 if bias is None else bias)
    chosen = int(np.argmax(scores)) if chosen is None else chosen
    columns = {"q·k": dots, "q·k / √d": dots / root, **({} if bias is None else {"B": bias})}
    return softmax_weight(columns, names, chosen, equation, code, products(query, keys[chosen]))


@derive_weight.register
def _self_attention(module: SelfAttention, x: Tensor, place: Place) -> Derivation:
    head, grid = part_of(place, module.heads), grid_of(x)
    row, column = cell_of(place, grid)
    projected = exact(module.project.weight)[:, :, 0, 0] @ exact(x[0]).reshape(x.shape[1], -1)
    query, key, _ = projected.reshape(3, module.heads, -1, grid[0] * grid[1])[:, head]
    at = row * grid[1] + column
    offsets = module.offset[row, column, : grid[0], : grid[1]].flatten()
    bias = exact(module.bias[head, offsets])
    code = source(type(module).forward, attend)
    return compared(query.T, key.T, cells(grid), at, "a = softmax(s),  s = q·k / √d + B", code, bias=bias)


@derive_weight.register
def _token_attention(module: TokenAttention, x: Tensor, place: Place) -> Derivation:
    head = part_of(place, module.heads)
    side = math.isqrt(x.shape[1] - 1)
    shape = (side, side)
    at = 0 if place.cell is None else 1 + int(np.ravel_multi_index(cell_of(place, shape), shape))
    projected = exact(x[0]) @ exact(module.project.weight).T + exact(module.project.bias)
    query, key, _ = projected.reshape(x.shape[1], 3, module.heads, -1).transpose(1, 2, 0, 3)[:, head]
    names = [(TOKEN, (CLASS_TOKEN,)), *cells(shape)]
    return compared(query, key, names, at, "a = softmax(s),  s = q·k / √d", source(type(module).forward, attend))


@derive_weight.register
def _attention_pooling(module: AttentionPooling, x: Tensor, place: Place) -> Derivation:
    grid = grid_of(x)
    row, column = cell_of(place, grid)
    raw = np.tensordot(exact(module.score.weight)[0, :, 0, 0], exact(x[0]), 1).flatten()
    scores = raw + exact(module.score.bias)[0]
    code = source(type(module).forward)
    return softmax_weight(
        {"W f": raw, "s": scores}, cells(grid), row * grid[1] + column, "a = softmax(s),  s = W f + b", code
    )


@derive_weight.register
def _recurrent(module: RecurrentAttention, x: Tensor, place: Place) -> Derivation:
    glimpse, grid = part_of(place, module.glimpses), grid_of(x)
    values = exact(x[0]).reshape(x.shape[1], -1)
    keys = (exact(module.key.weight)[:, :, 0, 0] @ values).T
    hidden, memory = (torch.from_numpy(exact(one))[None] for one in module.start)
    cell = nn.LSTMCell(x.shape[1], x.shape[1]).double()
    cell.load_state_dict(module.cell.state_dict())
    ask = exact(module.query.weight)
    for _ in range(glimpse):
        scores = keys @ (ask @ hidden[0].detach().numpy()) / math.sqrt(keys.shape[1])
        weights = np.exp(scores - scores.max())
        seen = values @ (weights / weights.sum())
        hidden, memory = cell(torch.from_numpy(seen)[None], (hidden, memory))
    query = (ask @ hidden[0].detach().numpy())[None]
    chosen = None if place.cell is None else int(np.ravel_multi_index(cell_of(place, grid), grid))
    equation = "a = softmax(s),  s = (W h)·k / √d"
    return compared(query, keys, cells(grid), 0, equation, source(type(module).forward), chosen=chosen)
