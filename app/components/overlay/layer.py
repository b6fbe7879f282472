"""A layer of the overlay, and its encoding as bytes.

A layer's bytes, little-endian: the maps' lows and highs, float32 (maps, 2); then their codes, uint8. The first map is
the one at rest, (h, w); after it come those of a stack, (s, h, w), or those of its rows, (windows, n, n), and after
these the rows' cells, int32 (windows, n). A window's row is never laid out over the grid here: the browser does that.

Code 0 is a value that is not finite and is left out of the picture. An unsigned map's codes 1..255 run uniformly from
its low to its high, so a value comes back within (high - low) / 508. A signed map's codes run uniformly from -high to
high with code 128 exactly zero, so a value comes back within high / 254. Nothing is squared, wrapped or stretched.

A fine map, with more than ``FINE`` cells per side and without slices or rows, usually has a few cells far above all
others. Its color scale ends at ``clip``, the 99th percentile, unless the user selects the full range. For enough
precision below, its codes are uint16: 1..65535, zero of a signed map at 32768, and errors 257 times as small.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from core.types import InvalidInput

FINE, BELOW = 32, 0.99
"""A map with more cells per side is fine; the share of its cells below the end of the color scale."""


@dataclass(frozen=True, eq=False)
class Stack:
    """Slices of which one is shown at a time: ``values`` (s, h, w), a label each; ``playable`` if they are steps."""

    values: np.ndarray
    labels: tuple[str, ...]
    playable: bool = False


@dataclass(frozen=True, eq=False)
class Rows:
    """The attention of each cell, shown for the cell under the pointer: ``weights`` (windows, n, n), query before key.

    ``cells`` (windows, n) states which cell of the grid, counted row by row, each token is, -1 for one of the padding;
    every cell is in one window. ``even`` is the weight that uniform attention would give to each token.
    """

    weights: np.ndarray
    cells: np.ndarray
    even: float


@dataclass(frozen=True, eq=False)
class Layer:
    """One map over the model's square, ready for display.

    ``values`` (h, w) is the default map. If there are slices or rows (``more``), ``rest`` names the default map, and
    ``detail`` is the tooltip of the title. Values that are not finite are left out of the picture. ``note`` is the
    reason why the default map is blank, or a warning. Layers of one ``group`` stand in a strip of their own under that
    heading, each with its ``label``, the short form of its ``title``; where they belong ``together`` they are large,
    and on one scale.
    """

    slug: str
    title: str
    values: np.ndarray
    signed: bool = False
    note: str = ""
    rest: str = ""
    detail: str = ""
    label: str = ""
    group: str = ""
    together: bool = False
    more: Stack | Rows | None = None


def packed(layer: Layer) -> tuple[dict[str, Any], bytes]:
    """The header's entry of a layer, and its bytes.

    Raises:
        InvalidInput: arrays whose shapes do not match, or an unsigned layer with values below zero.
    """
    if np.ndim(layer.values) != 2 or not np.size(layer.values):
        raise InvalidInput(
            "The layer {layer} must have shape (h, w), not {shape}.", layer=layer.slug, shape=np.shape(layer.values)
        )
    height, width = np.shape(layer.values)
    entry: dict[str, Any] = {
        **{name: getattr(layer, name) for name in ("slug", "title", "note", "rest", "detail", "label", "group")},
        **{"together": layer.together, "signed": bool(layer.signed), "height": height, "width": width},
        **{"labels": [], "playable": False, "windows": 0, "tokens": 0, "even": 0.0},
        **{"wide": is_fine(layer), "clip": _clip(layer.values) if is_fine(layer) else 0.0},
    }
    maps, cells = [np.reshape(layer.values, (1, -1))], b""
    if isinstance(layer.more, Stack):
        maps.append(_slices(layer, layer.more))
        entry |= {"labels": list(layer.more.labels), "playable": layer.more.playable}
    elif isinstance(layer.more, Rows):
        maps.append(_rows(layer, layer.more))
        windows, tokens = layer.more.cells.shape
        entry |= {"windows": windows, "tokens": tokens, "even": float(layer.more.even)}
        cells = layer.more.cells.astype("<i4").tobytes()
    kind = np.dtype("<u2" if entry["wide"] else "u1")
    ranges, codes = zip(*(_quantized(one, layer, kind) for one in maps), strict=True)
    entry["maps"] = sum(map(len, ranges))
    return entry, b"".join([*(one.astype("<f4").tobytes() for one in ranges), *(one.tobytes() for one in codes), cells])


def is_fine(layer: Layer) -> bool:
    """Return whether the color scale may end below the largest values."""
    return layer.more is None and max(np.shape(layer.values)) > FINE


def _clip(values: np.ndarray) -> float:
    """The size that one finite value in a hundred exceeds; 0 where there is none."""
    sizes = np.abs(values[np.isfinite(values)])
    return float(np.quantile(sizes, BELOW)) if sizes.size else 0.0


def _slices(layer: Layer, stack: Stack) -> np.ndarray:
    """The slices of a stack, (s, h·w)."""
    count = len(stack.labels)
    if not count or stack.values.shape != (count, *layer.values.shape):
        raise InvalidInput(
            "The layer {layer} needs slices of the shape of its map, and a label for each.", layer=layer.slug
        )
    return stack.values.reshape(count, -1)


def _rows(layer: Layer, rows: Rows) -> np.ndarray:
    """The rows of all windows, (windows·n, n)."""
    (windows, tokens), count = rows.cells.shape, layer.values.size
    real = np.sort(rows.cells[rows.cells >= 0])
    if rows.weights.shape != (windows, tokens, tokens) or not np.array_equal(real, np.arange(count)):
        raise InvalidInput(
            "The rows of the layer {layer} must contain each of its {count} cells once.", layer=layer.slug, count=count
        )
    return rows.weights.reshape(-1, tokens)


def _quantized(values: np.ndarray, layer: Layer, kind: np.dtype) -> tuple[np.ndarray, np.ndarray]:
    """Low and high (maps, 2) of each map in ``values`` (maps, cells), and its codes of that kind and the same shape."""
    most = np.iinfo(kind).max
    values = values.astype(np.float64)
    known = np.isfinite(values)
    low = np.where(known, values, np.inf).min(1, keepdims=True)
    high = np.where(known, values, -np.inf).max(1, keepdims=True)
    low, high = np.where(known.any(1, keepdims=True), (low, high), 0.0)
    if layer.signed:
        high = np.maximum(-low, high)
        low, first, steps = -high, most // 2 + 1, most // 2
        share = np.divide(values, high, out=np.zeros_like(values), where=known & (high > 0))
    else:
        if (low < -np.maximum(high, 0) / 508).any():
            raise InvalidInput("The layer {layer} has values below zero. Pass it with signed=True.", layer=layer.slug)
        low, high, values = np.maximum(low, 0), np.maximum(high, 0), np.maximum(values, 0)
        first, steps = 1, most - 1
        span = high - low
        share = np.divide(values - low, span, out=np.zeros_like(values), where=known & (span > 0))
    codes = np.where(known, np.rint(first + steps * share), 0).astype(kind)
    return np.concatenate([low, high], axis=1), codes
