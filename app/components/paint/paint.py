"""The canvas for painting weights: the model's square of a picture under a grid of paintable cells."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from app.components import script, styles
from core.types import InvalidInput

WORDS = ("label", "tools", "brush", "rubber", "size", "fill", "clear", "own", "hint", "value")
"""The labels of the canvas; the browser fills the fields of ``label``, ``size`` and ``value``."""
PARTS = ("grid", "canvas", "main")
"""The JavaScript files, joined in this order."""
DIGITS = 4


def show_canvas(
    values: np.ndarray,
    own: np.ndarray,
    jpeg: bytes,
    *,
    key: str,
    identity: str,
    words: Mapping[str, str],
    colors: Sequence[str],
    on_painted: Callable[[], None],
) -> Any:
    """Draw the canvas; the result's ``painted`` is {"identity", "values"} in the run after a stroke.

    ``values`` (h, w) from 0 to 1 are the initial grid, ``own`` (h, w) those that a button restores; ``jpeg`` the
    model's square of the picture; ``colors`` are "#rrggbb" from zero to one. While ``identity`` stays the same, the
    grid in the browser is kept. ``painted["values"]`` are h·w numbers row by row; ``read`` makes a grid of them.
    """
    data = {
        "identity": identity,
        "height": values.shape[0],
        "width": values.shape[1],
        "values": _flat(values),
        "own": _flat(own),
        "source": "data:image/jpeg;base64," + base64.b64encode(jpeg).decode(),
        "colors": list(colors),
        "words": {name: words[name] for name in WORDS},
    }
    return _component(data=data, key=key, on_painted_change=on_painted)


def read(values: Any, grid: tuple[int, int]) -> np.ndarray:
    """Return the grid (h, w) float32 from 0 to 1 from a browser's message.

    Raises:
        InvalidInput: it is not such a grid.
    """
    try:
        painted = np.array(values, np.float32).reshape(grid)
    except (TypeError, ValueError):
        painted = np.full(grid, np.nan, np.float32)
    if not ((painted >= 0) & (painted <= 1)).all():
        raise InvalidInput(
            "The painted attention must be a grid of {rows} × {columns} weights from 0 to 1. Paint it again.",
            rows=grid[0],
            columns=grid[1],
        )
    return painted


def _flat(values: np.ndarray) -> list[float]:
    return [round(float(value), DIGITS) for value in values.ravel()]


_HERE = Path(__file__).parent
_component = st.components.v2.component("fovea_paint", css=styles(_HERE / "paint.css"), js=script(_HERE, PARTS))
