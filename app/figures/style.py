"""What all charts share: their colours, and a figure without Plotly's furniture."""

from __future__ import annotations

from html import escape

import plotly.graph_objects as go

ACCENT, WARM, QUIET = "#4250c9", "#d9603b", "#98a0b8"
TRACK, CLEAR = "rgba(128, 136, 160, 0.16)", "rgba(0, 0, 0, 0)"


def bare(figure: go.Figure, height: int) -> go.Figure:
    """The figure without axes, legend and margins, transparent, as high as said."""
    figure.update_layout(
        height=height,
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        showlegend=False,
        paper_bgcolor=CLEAR,
        plot_bgcolor=CLEAR,
        dragmode=False,
        font={"size": 14},
    )
    figure.update_xaxes(visible=False, fixedrange=True)
    figure.update_yaxes(visible=False, fixedrange=True)
    return figure


def letters(text: object) -> str:
    """A text for a chart, letter by letter: Plotly reads tags such as ``<a href>``, and ``%{x}`` in templates."""
    return escape(str(text), quote=False).replace("%{", "%\u2060{")


def faint(colour: str) -> str:
    """A colour ``#rrggbb`` that is hardly there."""
    red, green, blue = (int(colour[start : start + 2], 16) for start in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, 0.06)"
