"""What all charts share: their colors, and a figure without Plotly's default layout."""

from __future__ import annotations

from html import escape
from typing import Any

import plotly.graph_objects as go

ACCENT, WARM, QUIET = "#4250c9", "#d9603b", "#98a0b8"
TRACK, CLEAR = "rgba(128, 136, 160, 0.16)", "rgba(0, 0, 0, 0)"


def bare(figure: go.Figure, height: int, **layout: Any) -> go.Figure:
    """The figure without axes, legend and margins, transparent, of that height, and with more of its layout.

    Whatever there are many of, annotations or shapes, is given here at once: adding them one by one is far slower.
    """
    figure.update_layout(
        height=height,
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        showlegend=False,
        paper_bgcolor=CLEAR,
        plot_bgcolor=CLEAR,
        dragmode=False,
        font={"size": 14},
        **layout,
    )
    figure.update_xaxes(visible=False, fixedrange=True)
    figure.update_yaxes(visible=False, fixedrange=True)
    return figure


def ends(height: float, left: str, right: str) -> list[dict[str, Any]]:
    """Two annotations at one height of the y axis: a text that begins at the left, and one that ends at the right."""
    place = {"y": height, "yanchor": "middle", "showarrow": False, "xref": "paper", "font": {"size": 14}}
    return [place | {"x": 0, "xanchor": "left", "text": left}, place | {"x": 1, "xanchor": "right", "text": right}]


def letters(text: object) -> str:
    """A text for a chart, letter by letter: Plotly reads tags such as ``<a href>``, and ``%{x}`` in templates."""
    return escape(str(text), quote=False).replace("%{", "%\u2060{")


def faint(color: str) -> str:
    """A color ``#rrggbb`` that is hardly there."""
    red, green, blue = (int(color[start : start + 2], 16) for start in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, 0.06)"
