"""Figures of a model card: the training curve, and the confusion matrix."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from app.figures.style import ACCENT, TRACK, WARM, bare, faint, letters
from app.words import mark

ROUND = [one * 10.0**power for power in (-2, -1, 0, 1) for one in (1, 2, 5)]
NUMBERED = 20
"""Classes up to which the cells of a confusion matrix carry their numbers."""


def training_curve(history: Sequence[Mapping[str, Any]], loss: str, accuracy: str, epoch: str) -> go.Figure:
    """The history of a training by epoch: the loss above, the accuracy on validation pictures below.

    ``history`` holds one dict an epoch with ``epoch``, ``loss`` and ``accuracy``, a fraction; ``loss``, ``accuracy``
    and ``epoch`` are the words for them.
    """
    epochs = [line["epoch"] for line in history]
    figure = make_subplots(2, 1, shared_xaxes=True, vertical_spacing=0.2, subplot_titles=(loss, accuracy))
    drawn = (("loss", 1, WARM, ".3f"), ("accuracy", 100, ACCENT, ".1f"))
    for row, (name, scale, color, form) in enumerate(drawn, 1):
        figure.add_scatter(
            x=epochs,
            y=[scale * line[name] for line in history],
            mode="lines+markers",
            line={"color": color, "width": 2},
            marker={"size": 5},
            hovertemplate=f"{epoch} %{{x}}{mark(': ')}%{{y:{form}}}{mark(' %') * (row == 2)}<extra></extra>",
            row=row,
            col=1,
        )
    bare(figure, 320)
    figure.update_layout(margin={"l": 44, "r": 8, "t": 26, "b": 40})
    figure.update_annotations(x=0, xanchor="left", font={"size": 13})
    ticks = {"tick0": epochs[0], "dtick": max(1, -(-len(epochs) // 8)), "tickfont": {"size": 12}}
    figure.update_xaxes(visible=True, showgrid=False, zeroline=False, **ticks)
    figure.update_xaxes(title={"text": epoch, "font": {"size": 12}}, row=2)
    figure.update_yaxes(visible=True, gridcolor=TRACK, zeroline=False, tickfont={"size": 12}, nticks=6)
    right = [100 * line["accuracy"] for line in history]
    room = max(0.5, 0.1 * (max(right) - min(right)))
    low, high = min(right) - room, min(100.5, max(right) + room)
    figure.update_yaxes(ticksuffix=mark(" %"), range=[low, high], tickvals=ticks_up_to(100, low, high), row=2)
    return figure


def ticks_up_to(end: float, low: float, high: float) -> list[float]:
    """Return at most seven round numbers from ``low`` to ``high``, none above ``end``, for the ticks of an axis."""
    step = next((one for one in ROUND if (high - low) / one <= 6), ROUND[-1])
    first = math.ceil(low / step)
    return [round(number * step, 6) for number in range(first, math.floor(min(end, high) / step) + 1)]


def confusion_matrix(
    counts: Sequence[Sequence[int]], names: Sequence[str], true: str, stated: str, sentence: str
) -> go.Figure:
    """The confusion matrix: ``counts`` (k, k), rows true, columns predicted.

    Right answers in one color, mistakes in another, each the stronger the larger its share of the row. ``true`` and
    ``stated`` name the axes; ``sentence`` stands under the pointer, with ``{true}``, ``{predicted}`` and ``{count}``.
    """
    matrix, k = np.asarray(counts, dtype=float), len(names)
    share = np.divide(matrix, matrix.sum(1, keepdims=True), out=np.zeros_like(matrix), where=matrix > 0)
    right, numbered = np.eye(k, dtype=bool), k <= NUMBERED
    words = [
        [
            letters(sentence.format(true=names[row], predicted=names[column], count=int(matrix[row, column])))
            for column in range(k)
        ]
        for row in range(k)
    ]
    figure = go.Figure()
    for cells, color, strength in ((right, ACCENT, share), (~right, WARM, np.sqrt(share))):
        figure.add_heatmap(
            z=np.where(cells & (matrix > 0), strength, np.nan),
            zmin=0,
            zmax=1,
            colorscale=[[0, faint(color)], [1, color]],
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
        texts = [str(int(matrix[row, column])) for row, column in zip(rows, columns, strict=True)]
        figure.add_scatter(x=columns, y=rows, text=texts, mode="text", textfont={"size": 12, **font}, hoverinfo="skip")
    bare(figure, 32 * k + 120 if numbered else 560)
    step = max(1, k // 25)
    marks = {
        "tickvals": list(range(0, k, step)),
        "ticktext": [letters(one) for one in names[::step]],
        "tickfont": {"size": 12},
    }
    axis = {"visible": True, "showgrid": False, "zeroline": False, "automargin": True, "range": [-0.5, k - 0.5]}
    figure.update_xaxes(side="top", tickangle=-90, title={"text": stated, "font": {"size": 12}}, **marks, **axis)
    figure.update_yaxes(title={"text": true, "font": {"size": 12}}, **marks, **{**axis, "range": [k - 0.5, -0.5]})
    return figure
