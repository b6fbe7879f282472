"""Arrays to plotly figures. Knows nothing of Streamlit; the overlay owns the colours of maps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

ACCENT, WARM, QUIET = "#4250c9", "#d9603b", "#98a0b8"
TRACK, CLEAR = "rgba(128, 136, 160, 0.16)", "rgba(0, 0, 0, 0)"
NUMBERED = 20
"""Classes up to which the cells of a confusion matrix carry their numbers."""


def _plain(figure: go.Figure, height: int) -> go.Figure:
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


def answer_bars(names: Sequence[str], probabilities: np.ndarray, target: int) -> go.Figure:
    """The likeliest classes as bars, the likeliest on top; each whole row can be clicked, so that 0 % can be too.

    ``names`` (n,), ``probabilities`` (n,) in 0..1, ``target`` the row asked about, or −1.
    """
    rows = list(range(len(names)))
    colours = [ACCENT if row == target else QUIET for row in rows]
    texts = [f"<b>{name}</b>" if row == target else name for row, name in enumerate(names)]
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
        marker={"color": colours, "cornerradius": 4},
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
    for row, probability in enumerate(probabilities):
        place = {"y": row - 0.32, "yanchor": "middle", "showarrow": False, "xref": "paper", "font": {"size": 14}}
        figure.add_annotation(x=0, xanchor="left", text=texts[row], **place)
        share = f"{100 * probability:.0f} %" if probability >= 0.005 else "< 1 %"
        figure.add_annotation(x=1, xanchor="right", text=f"<b>{share}</b>" if row == target else share, **place)
    _plain(figure, 46 * len(rows) + 6)
    figure.update_layout(barmode="overlay", bargap=0, clickmode="event+select")
    figure.update_xaxes(range=[0, 1])
    figure.update_yaxes(range=[len(rows) - 0.65, -0.6])
    return figure


def channel_bars(weights: np.ndarray, title: str, axis: str) -> go.Figure:
    """The weights (c,) of a channel gate as bars in their own order, with the mean as a line."""
    figure = go.Figure()
    figure.add_bar(
        x=np.arange(len(weights)),
        y=weights,
        marker={"color": ACCENT, "line": {"width": 0}},
        hovertemplate=f"{axis} %{{x}}: %{{y:.3f}}<extra></extra>",
    )
    figure.add_hline(y=float(weights.mean()), line={"color": QUIET, "dash": "dot", "width": 1})
    _plain(figure, 150)
    figure.update_layout(bargap=0.15, margin={"l": 34, "r": 0, "t": 6, "b": 34}, hovermode="x")
    figure.update_yaxes(
        visible=True, range=[0, max(1.0, float(weights.max()))], nticks=3, gridcolor=TRACK, tickfont={"size": 12}
    )
    figure.update_xaxes(visible=True, title={"text": title, "font": {"size": 12}}, tickfont={"size": 12}, nticks=6)
    return figure


def share_bars(
    names: Sequence[str], values: Sequence[float], chance: float, interval: tuple[float, float] | None = None
) -> go.Figure:
    """Fractions as bars, one a row, the first in colour with its ``interval`` as a whisker; ``chance`` is a line."""
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
    for row in rows:
        figure.add_shape(y0=row - 0.15, y1=row + 0.15, **guess)
    for row, (name, value) in enumerate(zip(names, values, strict=True)):
        place = {"y": row - 0.32, "yanchor": "middle", "showarrow": False, "xref": "paper", "font": {"size": 14}}
        figure.add_annotation(x=0, xanchor="left", text=name, **place)
        figure.add_annotation(x=1, xanchor="right", text=f"{100 * value:.1f} %", **place)
    _plain(figure, 46 * len(rows) + 6)
    figure.update_layout(barmode="overlay", bargap=0)
    figure.update_xaxes(range=[0, 1])
    figure.update_yaxes(range=[len(rows) - 0.65, -0.6])
    return figure


def training_curve(history: Sequence[Mapping[str, Any]], loss: str, accuracy: str, epoch: str) -> go.Figure:
    """What training told after each epoch: the loss above, the accuracy on validation pictures below.

    ``history`` holds one dict an epoch with ``epoch``, ``loss`` and ``accuracy``, a fraction; ``loss``, ``accuracy``
    and ``epoch`` are the words for them.
    """
    epochs = [line["epoch"] for line in history]
    figure = make_subplots(2, 1, shared_xaxes=True, vertical_spacing=0.2, subplot_titles=(loss, accuracy))
    drawn = (("loss", 1, WARM, ".3f"), ("accuracy", 100, ACCENT, ".1f"))
    for row, (name, scale, colour, form) in enumerate(drawn, 1):
        figure.add_scatter(
            x=epochs,
            y=[scale * line[name] for line in history],
            mode="lines+markers",
            line={"color": colour, "width": 2},
            marker={"size": 5},
            hovertemplate=f"{epoch} %{{x}}: %{{y:{form}}}{' %' * (row == 2)}<extra></extra>",
            row=row,
            col=1,
        )
    _plain(figure, 320)
    figure.update_layout(margin={"l": 44, "r": 8, "t": 26, "b": 40})
    figure.update_annotations(x=0, xanchor="left", font={"size": 13})
    ticks = {"tick0": epochs[0], "dtick": max(1, -(-len(epochs) // 8)), "tickfont": {"size": 12}}
    figure.update_xaxes(visible=True, showgrid=False, zeroline=False, **ticks)
    figure.update_xaxes(title={"text": epoch, "font": {"size": 12}}, row=2)
    figure.update_yaxes(visible=True, gridcolor=TRACK, zeroline=False, tickfont={"size": 12}, nticks=6)
    right = [100 * line["accuracy"] for line in history]
    room = max(0.5, 0.1 * (max(right) - min(right)))
    figure.update_yaxes(ticksuffix=" %", range=[min(right) - room, min(100.5, max(right) + room)], row=2)
    return figure


def confusion_matrix(
    counts: Sequence[Sequence[int]], names: Sequence[str], true: str, said: str, told: str
) -> go.Figure:
    """How often pictures of each class were taken for each: ``counts`` (k, k), rows true, columns predicted.

    Right answers in one colour, mistakes in another, each the stronger the larger its share of the row. ``true`` and
    ``said`` name the axes; ``told`` is the sentence under the pointer, with ``{true}``, ``{said}`` and ``{count}``.
    """
    matrix, k = np.asarray(counts, dtype=float), len(names)
    share = np.divide(matrix, matrix.sum(1, keepdims=True), out=np.zeros_like(matrix), where=matrix > 0)
    right, numbered = np.eye(k, dtype=bool), k <= NUMBERED
    words = [
        [told.format(true=names[row], said=names[column], count=int(matrix[row, column])) for column in range(k)]
        for row in range(k)
    ]
    figure = go.Figure()
    for cells, colour, strength in ((right, ACCENT, share), (~right, WARM, np.sqrt(share))):
        figure.add_heatmap(
            z=np.where(cells & (matrix > 0), strength, np.nan),
            zmin=0,
            zmax=1,
            colorscale=[[0, _faint(colour)], [1, colour]],
            showscale=False,
            xgap=2 if numbered else 0,
            ygap=2 if numbered else 0,
            text=words,
            hovertemplate="%{text}<extra></extra>",
            hoverongaps=False,
        )
    strong = (np.where(right, share, np.sqrt(share)) > 0.5) & (matrix > 0)
    for cells, font in ((strong, {"color": "white"}), (~strong & (matrix > 0), {})) if numbered else ():
        rows, columns = np.nonzero(cells)
        texts = [f"{matrix[row, column]:.0f}" for row, column in zip(rows, columns, strict=True)]
        figure.add_scatter(
            x=columns, y=rows, text=texts, mode="text", textfont={"size": 12, **font}, hoverinfo="skip"
        )
    _plain(figure, 32 * k + 120 if numbered else 560)
    step = max(1, k // 25)
    marks = {"tickvals": list(range(0, k, step)), "ticktext": list(names)[::step], "tickfont": {"size": 12}}
    axis = {"visible": True, "showgrid": False, "zeroline": False, "automargin": True, "range": [-0.5, k - 0.5]}
    figure.update_xaxes(side="top", tickangle=-90, title={"text": said, "font": {"size": 12}}, **marks, **axis)
    figure.update_yaxes(title={"text": true, "font": {"size": 12}}, **marks, **{**axis, "range": [k - 0.5, -0.5]})
    return figure


def _faint(colour: str) -> str:
    """A colour ``#rrggbb`` that is hardly there."""
    red, green, blue = (int(colour[start : start + 2], 16) for start in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, 0.06)"
