"""Bars: of probabilities, of channels, of shares."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from app.figures.style import ACCENT, CLEAR, QUIET, TRACK, WARM, bare, ends, letters
from app.words import chance, mark, percent

TICKS = 6
"""About how many channels of a gate have their number under them: the first, and every so many."""
STEPS = [one * 10**power for power in range(6) for one in (1, 2, 5)]


def answer_bars(names: Sequence[str], probabilities: np.ndarray, target: int) -> go.Figure:
    """The most likely classes as bars, the most likely on top; each whole row can be clicked, so that 0 % can be too.

    ``names`` (n,), ``probabilities`` (n,) in 0..1, ``target`` the explained row, or −1.
    """
    rows = list(range(len(names)))
    colors = [ACCENT if row == target else QUIET for row in rows]
    texts = [f"<b>{letters(name)}</b>" if row == target else letters(name) for row, name in enumerate(names)]
    figure = go.Figure()
    figure.add_bar(
        x=[1.0] * len(rows),
        y=rows,
        orientation="h",
        marker={"color": TRACK, "cornerradius": 4},
        width=0.3,
        hoverinfo="skip",
    )
    figure.add_bar(
        x=probabilities,
        y=rows,
        orientation="h",
        marker={"color": colors, "cornerradius": 4},
        width=0.3,
        hoverinfo="skip",
    )
    # an invisible marker over the whole row takes the click
    figure.add_scatter(
        x=[0.5] * len(rows),
        y=[row - 0.15 for row in rows],
        mode="markers",
        marker={"symbol": "square", "size": 44, "color": CLEAR},
        hoverinfo="none",  # "skip" would skip clicks too
        customdata=rows,
    )
    shares = [chance(float(one)) for one in probabilities]
    shares = [f"<b>{one}</b>" if row == target else one for row, one in enumerate(shares)]
    above = [one for row in rows for one in ends(row - 0.32, texts[row], shares[row])]
    axes = {"xaxis": {"range": [0, 1]}, "yaxis": {"range": [len(rows) - 0.65, -0.6]}}
    bare(figure, 46 * len(rows) + 6, annotations=above, barmode="overlay", bargap=0, clickmode="event+select", **axes)
    return figure


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


def share_bars(
    names: Sequence[str], values: Sequence[float], chance: float, interval: tuple[float, float] | None = None
) -> go.Figure:
    """Fractions as bars, one a row, the first in color with its ``interval`` as a whisker; ``chance`` is a line."""
    rows = list(range(len(names)))
    figure = go.Figure()
    figure.add_bar(x=[1.0] * len(rows), y=rows, orientation="h", width=0.3, hoverinfo="skip", marker={"color": TRACK})
    figure.add_bar(
        x=list(values),
        y=rows,
        orientation="h",
        width=0.3,
        hoverinfo="skip",
        marker={"color": [ACCENT] + [QUIET] * (len(rows) - 1)},
    )
    figure.update_traces(marker={"cornerradius": 4})
    if interval is not None:
        below, above = values[0] - interval[0], interval[1] - values[0]
        whisker = {"array": [above], "arrayminus": [below], "color": WARM, "thickness": 2, "width": 5}
        figure.add_scatter(x=values[:1], y=rows[:1], marker={"color": CLEAR}, hoverinfo="skip", error_x=whisker)
    guess = {"x0": chance, "x1": chance, "line": {"color": WARM, "dash": "dot", "width": 2}}
    marks = [{"y0": row - 0.15, "y1": row + 0.15, **guess} for row in rows]
    texts = zip(names, values, strict=True)
    above = [one for row, (name, value) in enumerate(texts)
             for one in ends(row - 0.32, letters(name), percent(value))]  # fmt: skip
    axes = {"xaxis": {"range": [0, 1]}, "yaxis": {"range": [len(rows) - 0.65, -0.6]}}
    bare(figure, 46 * len(rows) + 6, annotations=above, shapes=marks, barmode="overlay", bargap=0, **axes)
    return figure
