"""Horizontal bars as HTML, which the browser updates faster than a chart of Plotly."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from app.components import script, styles


@dataclass(frozen=True)
class Bar:
    """One row: its ``name``, the ``text`` at its end, and below both a bar for each of its ``shares``, 0 to 1.

    ``marked`` rows stand out; ``interval`` is drawn as a whisker on the first bar.
    """

    name: str
    text: str
    shares: tuple[float, ...]
    marked: bool = False
    interval: tuple[float, float] | None = None


def show_bars(
    bars: Sequence[Bar],
    *,
    key: str,
    label: str,
    legend: Sequence[str] = (),
    reference: float | None = None,
    on_chosen: Callable[[], None] | None = None,
) -> Any:
    """Draw the rows from top to bottom; with ``on_chosen`` each is a button, and ``chosen_row`` finds the clicked one.

    ``label`` describes the chart for screen readers, ``legend`` names the bars of a row, and ``reference`` is a share
    at which each row has a dotted line.
    """
    data = {
        "label": label,
        "legend": list(legend),
        "reference": reference,
        "rows": [asdict(one) for one in bars],
        "buttons": on_chosen is not None,
    }
    return _component(data=data, key=key, on_chosen_change=on_chosen or (lambda: None))


def chosen_row(sent: Any, rows: int) -> int | None:
    """Return the clicked row, counted from 0, from a browser's message; None if it is not one of ``rows`` rows."""
    return sent if isinstance(sent, int) and not isinstance(sent, bool) and 0 <= sent < rows else None


_HERE = Path(__file__).parent
_component = st.components.v2.component("fovea_bars", css=styles(_HERE / "bars.css"), js=script(_HERE, ("bars",)))
