"""From the trace of scores to the layout of attention weights, or to the reason why they have no map."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn import functional as F

from core.messages import Message
from core.models.limits import BLENDED, BRANCHES, CAUSAL, CHANNELS, EXTRA, GRIDS, KEYS, LONE, QUERIES, UNSURE, UNTRACED
from core.models.seam.layouts import BATCH, HEAD, KEY, QUERY, WINDOW, Layout
from core.models.seam.planes import CHANNEL, LEARNED, OTHER, UNKNOWN, compact, even
from core.models.seam.survey import Found
from core.models.seam.tokens import MOST


@dataclass(frozen=True, eq=False)
class Resolved:
    """A ``layout``, with the number of tokens ``before`` and ``after`` the cells; ``single``: there is one query.

    ``own``: that query is one of the tokens, such as a class token. ``others``: the queries of windows are not their
    keys.
    """

    layout: Layout
    before: int = 0
    after: int = 0
    single: bool = False
    own: bool = False
    others: bool = False


class Unclear(Exception):
    """No layout, for a reason."""

    def __init__(self, why: Message):
        super().__init__(why)
        self.why = why


def resolve(found: Found, batch: int) -> Resolved:
    """The layout of the weights of a call in a pass with so many pictures; Unclear if they have no map."""
    trace = found.trace
    if trace is None or not found.used:
        known = trace is not None and not any(bool((one == UNKNOWN).any()) for one in trace.planes)
        raise Unclear(UNSURE if found.used else BRANCHES if known else UNTRACED)
    if not found.keyed:
        raise Unclear(EXTRA)
    if found.blended and (not found.product or not found.whole):
        raise Unclear(BLENDED)
    if len(trace.planes) != 2 or not found.last:
        raise Unclear(BRANCHES)
    query, key = trace.planes
    if bool((query == CHANNEL).all()):
        raise Unclear(CHANNELS)
    if bool((query == UNKNOWN).any() | (key == UNKNOWN).any()):
        raise Unclear(UNSURE)
    both = [on_lattice(compact(one), grid) for one, grid in zip((query, key), trace.grids, strict=True)]
    cells, grids = [one.expand(query.shape) for one, _ in both], tuple(grid for _, grid in both)
    parts: list[tuple[str, int]] = []
    for axis in range(query.ndim - 1):
        parts += axis_parts(axis, (query, key), cells, batch, any(role == QUERY for role, _ in parts))
    if not any(role == QUERY for role, _ in parts):  # one query
        place = next((p for p in range(len(parts) - 1, -1, -1) if parts[p] == (HEAD, 1)), None)
        if windowed := WINDOW in dict(parts):  # of queries of any origin, only fused attention has a known axis
            fused = found.func is F.scaled_dot_product_attention and parts[-1][0] == HEAD
            place = len(parts) - 1 if fused else None
        if place is None:
            if query.shape[-1] == 1:
                raise Unclear(LONE)
            raise Unclear(KEYS if windowed else QUERIES if bool((query == LEARNED).all()) else UNSURE)
        parts[place] = (QUERY, parts[place][1])
    parts.append((KEY, query.shape[-1]))
    if batch == 1 and not any(role == BATCH for role, _ in parts):
        parts.insert(0, (BATCH, -1))
    if [role for role, _ in parts].count(BATCH) != 1:
        raise Unclear(UNSURE)
    return laid_out(Layout(tuple(parts), grids[1]), cells, trace.allowed, grids)


def on_lattice(plane: Tensor, grid: tuple[int, int]) -> tuple[Tensor, tuple[int, int]]:
    """The cells of a plane, counted from 0 in each picture, and their grid; what is no cell is below zero.

    Where only every second row and column is left, or every third, these are the cells of a coarser grid.
    """
    (height, width), size = grid, grid[0] * grid[1]
    cells = torch.where(plane > 0, (plane - 1) % size, plane - size)
    left = cells[cells >= 0].unique()
    rows, columns = (left // width).unique(), (left % width).unique()
    whole = len(left) == len(rows) * len(columns) and not bool((cells < 0).any())
    if not whole or not every_nth(rows, height) or not every_nth(columns, width):
        return cells, grid
    row, column = torch.bucketize(cells // width, rows), torch.bucketize(cells % width, columns)
    return (row * len(columns) + column).to(plane), (len(rows), len(columns))


def every_nth(places: Tensor, count: int) -> bool:
    """Whether places along an axis are several, at one distance, from the first to the last of ``count``."""
    if len(places) < 2:
        return False
    step = int(places[1] - places[0])
    return bool((places.diff() == step).all()) and int(places[0]) < step and int(places[-1]) + step >= count


def axis_parts(
    axis: int, planes: tuple[Tensor, Tensor], cells: list[Tensor], batch: int, wanted: bool
) -> list[tuple[str, int]]:
    """What an axis of the weights counts, by what changes along it."""

    def changes(one: Tensor) -> bool:
        return not even(one, axis)

    size = planes[0].shape[axis]
    by_query, by_key = (changes(one) for one in cells)
    if by_query and not by_key and not wanted and not any(changes(one) for one in planes[1:]):
        return [(QUERY, size)]
    if by_query and not by_key:
        raise Unclear(KEYS)
    role = WINDOW if by_key else HEAD
    if not any(changes(one) for one in planes):
        return [(BATCH, -1)] if batch == 1 and axis == 0 and size == 1 else [(role, size)]
    if by_key and not pictures_change(axis, planes, batch):
        return [(role, size)]
    if size % batch:
        raise Unclear(UNSURE)
    return [(BATCH, -1)] + ([(role, size // batch)] if size > batch else [])


def pictures_change(axis: int, planes: tuple[Tensor, Tensor], batch: int) -> bool:
    """Whether the first half of an axis and the second are of different pictures."""
    size = planes[0].shape[axis]
    if batch == 1 or size % batch:
        return False
    first, second = (one.narrow(axis, 0, size // batch) for one in (planes[1], planes[1].flip(axis)))
    return bool(first.amax() < second[second > 0].amin()) if bool((second > 0).any()) else False


def laid_out(
    layout: Layout, cells: list[Tensor], allowed: Tensor | None, grids: tuple[tuple[int, int], ...]
) -> Resolved:
    """The same layout with the cells of its windows; Unclear if queries or keys are no tokens in an order."""
    windowed = any(role == WINDOW for role, _ in layout.parts)
    whole = replace(layout, cells=torch.empty(0) if windowed else None)
    query, key = (whole.arrange(one) for one in cells)  # (b, [windows], heads, n, m)
    if not windowed:
        query, key = query[:, None], key[:, None]
    if any(bool((one != one[:1, :, :1]).any()) for one in (query, key)):
        raise Unclear(UNSURE)
    q, k = query[0, :, 0, :, 0], key[0, :, 0, 0]  # (windows, n), (windows, m)
    (height, width), size = layout.grid, layout.grid[0] * layout.grid[1]
    q_size = grids[0][0] * grids[0][1]
    other = k == OTHER - size
    before = int(other[0].int().cumprod(0).sum())
    after = int(other[0].flip(0).int().cumprod(0).sum()) if before < k.shape[1] else 0
    plain = len(k) == 1 and torch.equal(k[0, before : k.shape[1] - after], torch.arange(size).to(k))
    seen = None if allowed is None else whole.arrange(allowed.contiguous())
    if plain and not windowed:
        if seen is not None and not bool(seen.all()):
            raise Unclear(CAUSAL)
        if before + after > MOST or 1 in (height, width):
            raise Unclear(LONE if (height, width) == (1, 1) else UNSURE)
        single, own = q.shape[1] == 1, bool((q == OTHER - q_size).all())
        same = torch.equal(q + q_size * (q < 0), k + size * (k < 0)) if grids[0] == grids[1] else False
        if q.shape[1] == k.shape[1] and not same:
            raise Unclear(UNSURE)
        return Resolved(layout, before, after, single, own)
    real, own = k >= 0, grids[0] == grids[1] and torch.equal(q, k)
    learned = bool((q == LEARNED - q_size).all())
    if bool(other.any()) or not (own or learned or bool((q >= 0).all())):
        raise Unclear(KEYS if grids[0] == grids[1] else GRIDS)
    if not torch.equal(k[real].sort().values if own else k[real].unique(), torch.arange(size).to(k)):
        raise Unclear(LONE if k.shape[1] == 1 else UNSURE)
    parts = layout.parts if windowed else (layout.parts[0], (WINDOW, 1), *layout.parts[1:])
    if seen is not None:
        seen = seen if windowed else seen[:, None]
        if bool((seen != seen[:1, :, :1]).any()):
            raise Unclear(CAUSAL)
        seen = seen[0, :, 0] > 0
    table = torch.where(real, k, -1).long()
    seen = None if seen is None or bool(seen.all()) else seen
    return Resolved(Layout(parts, layout.grid, table, seen), others=not own)
