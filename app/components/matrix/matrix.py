"""The matrix: each cell is a link that reports clicks, and its color shows the loss."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from app.components import script, styles

_HERE = Path(__file__).parent


@dataclass(frozen=True)
class Head:
    """The head of a row or a column: its title, and in small type a sentence and a note."""

    title: str
    about: str = ""
    note: str = ""


@dataclass(frozen=True)
class Cell:
    """One cell: its ``slug``, the ``address`` of the link, its ``value``, and in small type ``spread`` and ``below``.

    ``lost`` is 0 to 1, the strength of its color, or None for no color. ``sentence`` is the text for screen readers.
    """

    slug: str
    address: str
    value: str
    spread: str
    below: str
    lost: float | None
    sentence: str


_component = st.components.v2.component(
    "fovea_matrix",
    css=styles(_HERE / "matrix.css"),
    js=script(_HERE, ("matrix",)),
)


def show_matrix(
    rows: Sequence[Head],
    columns: Sequence[Head],
    cells: Sequence[Sequence[Cell | None]],
    *,
    key: str,
    label: str,
    blank: str,
    on_opened: Callable[[], None],
) -> Any:
    """Draw the table; the result's ``opened`` is the slug of the cell that was clicked, in that run, else None.

    ``label`` names the table for screen readers, ``blank`` stands where a cell is None. A click with Ctrl or the middle
    button follows the cell's address into a new tab, as with any link.
    """
    data = {
        "label": label,
        "blank": blank,
        "columns": [asdict(one) for one in columns],
        "rows": [asdict(one) for one in rows],
        "cells": [[one and asdict(one) for one in row] for row in cells],
    }
    return _component(data=data, key=key, on_opened_change=on_opened)
