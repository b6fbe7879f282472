"""The common style of all charts: colors, and a figure without Plotly's default layout."""

from __future__ import annotations

from html import escape
from typing import Any

import plotly.graph_objects as go

ACCENT, WARM, QUIET = "#4250c9", "#d9603b", "#98a0b8"
TRACK, CLEAR = "rgba(128, 136, 160, 0.16)", "rgba(0, 0, 0, 0)"


def bare(figure: go.Figure, height: int, **layout: Any) -> go.Figure:
    """The figure without axes, legend and margins, transparent, of that height, and with more of its layout.

    Whatever there are many of, annotations or shapes, and the range of an axis are given in one call: Plotly checks
    the whole layout at every change, which takes longer than anything else about a chart.
    """
    known = figure.layout.to_plotly_json()
    known.pop("template", None)  # Plotly's own stays, and is large
    base = {
        "height": height,
        "margin": {"l": 0, "r": 0, "t": 0, "b": 0},
        "showlegend": False,
        "paper_bgcolor": CLEAR,
        "plot_bgcolor": CLEAR,
        "dragmode": False,
        "font": {"size": 14},
    }
    axes = {one for one in ("xaxis", "yaxis", *known, *layout) if one.rstrip("0123456789") in ("xaxis", "yaxis")}
    hidden = {one: {"visible": False, "fixedrange": True} for one in axes}
    figure.layout = _merged(_merged(_merged(known, base), layout), hidden)
    return figure


def _merged(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    """A layout with the entries of a second one, which wins; parts that both have are merged likewise."""
    both = {key: _merged(first[key], second[key]) for key in second if isinstance(first.get(key), dict)}
    return {**first, **second, **both}


def letters(text: object) -> str:
    """A text for a chart, letter by letter: Plotly reads tags such as ``<a href>``, and ``%{x}`` in templates."""
    return escape(str(text), quote=False).replace("%{", "%\u2060{")


def faint(color: str) -> str:
    """Return a color ``#rrggbb`` with low opacity."""
    red, green, blue = (int(color[start : start + 2], 16) for start in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, 0.06)"
