"""The weights of a channel gate as bars."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from app.figures.style import ACCENT, QUIET, TRACK, bare, letters
from app.words import mark

TICKS = 6
"""About how many channels of a gate have their number under them: the first, and every so many."""
STEPS = [one * 10**power for power in range(6) for one in (1, 2, 5)]


def channel_bars(weights: np.ndarray, title: str, axis: str, deviation: bool = False) -> go.Figure:
    """The weights (c,) of a channel gate as bars in their own order, counted from 1, with the mean as a line.

    With ``deviation`` each bar is how far its weight is above or below the mean, on a scale of its own.
    """
    figure, count = go.Figure(), len(weights)
    weights = weights - weights.mean() if deviation else weights
    figure.add_bar(
        x=np.arange(1, count + 1),
        y=weights,
        marker={"color": ACCENT, "line": {"width": 0}},
        hovertemplate=f"{axis} %{{x}}{mark(': ')}%{{y:{'+.2e' if deviation else '.3f'}}}<extra></extra>",
    )
    figure.add_hline(y=float(weights.mean()), line={"color": QUIET, "dash": "dot", "width": 1})
    bare(figure, 150)
    figure.update_layout(bargap=0.15, margin={"l": 34, "r": 0, "t": 6, "b": 34}, hovermode="x")
    most = float(np.abs(weights).max()) or 1.0
    ends = [-most, most] if deviation else [0, max(1.0, most)]
    figure.update_yaxes(visible=True, range=ends, nticks=3, gridcolor=TRACK, tickfont={"size": 12})
    step = next(one for one in STEPS if count < TICKS * one)
    named = {"title": {"text": letters(title), "font": {"size": 12}}, "tickfont": {"size": 12}}
    figure.update_xaxes(visible=True, tickvals=sorted({1, *range(step, count + 1, step)}), **named)
    return figure
