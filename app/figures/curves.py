"""Deletion and insertion curves: the probability of a class over the deleted or inserted share of the picture."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go

from app.figures.style import ACCENT, QUIET, TRACK, WARM, bare, letters
from app.words import decimal_field, mark

DASHES = ("dot", "dash", "dashdot")
"""The line styles of the reference curves."""


def faithfulness_curve(shares: np.ndarray, curves: Mapping[str, np.ndarray], share: float, axis: str) -> go.Figure:
    """Probabilities (s + 1,) over the shares of the picture, 0 to 1 both, by name: the first in color, the rest quiet.

    A line stands at the chosen ``share``; ``axis`` states what the shares are shares of.
    """
    styles = [{"color": ACCENT, "width": 3}, *({"color": QUIET, "width": 1.5, "dash": dash} for dash in DASHES)]
    figure = go.Figure()
    for (name, values), style in reversed(list(zip(curves.items(), styles, strict=True))):  # the first on top
        percent = f"{decimal_field('y', 0)}{mark(' %')}"
        drawn = {"line": style, "mode": "lines", "hovertemplate": percent, "cliponaxis": False}
        figure.add_scatter(x=100 * shares, y=100 * values, name=letters(name), **drawn)
    bare(figure, 300)
    figure.add_vline(x=100 * share, line={"color": WARM, "width": 1.5})
    figure.update_layout(
        showlegend=True,
        legend={"orientation": "h", "traceorder": "reversed", "y": -0.3, "x": 0, "font": {"size": 12}},
        margin={"l": 44, "r": 24, "t": 8, "b": 8},
        hovermode="x unified",
    )
    scale = {
        "visible": True,
        "tick0": 0,
        "dtick": 20,
        "ticksuffix": mark(" %"),
        "zeroline": False,
        "tickfont": {"size": 12},
    }
    figure.update_xaxes(title={"text": axis, "font": {"size": 12}}, showgrid=False, range=[0, 100], **scale)
    figure.update_yaxes(gridcolor=TRACK, range=[0, 100], **scale)
    return figure
