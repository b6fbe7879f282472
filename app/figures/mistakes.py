"""Figures of a run: the confusion matrix, with cells to click, and the calibration."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from app.figures.style import ACCENT, CLEAR, QUIET, TRACK, WARM, bare, letters
from app.figures.training import NUMBERED, confusion_matrix
from app.words import decimal, mark, percent, short, whole


def confusion_cells(
    counts: np.ndarray,
    names: Sequence[str],
    sentence: str,
    row: int | None = None,
    column: int | None = None,
) -> go.Figure:
    """``confusion_matrix`` whose cells can be clicked: the point of index ``row * k + column``.

    The cell of ``row`` and ``column`` is outlined; where one of them is None, the whole column or row.
    """
    k = len(names)
    figure = confusion_matrix(counts, names, "", "", sentence)
    strengthen(figure, counts)
    figure.update_layout(height=max(160, 26 * k + 90))
    figure.update_xaxes(title=None, ticks="", tickfont={"size": 11})
    figure.update_yaxes(title=None, ticks="", tickfont={"size": 11})
    rows, columns = np.divmod(np.arange(k * k), k)
    words = [
        letters(sentence.format(true=names[one], predicted=names[other], count=whole(counts[one, other])))
        for one, other in zip(rows, columns, strict=True)
    ]
    # heat maps do not report clicks, so invisible markers over the cells do
    figure.add_scatter(
        x=columns,
        y=rows,
        mode="markers",
        # small, because of overlapping markers only the last one is reported
        marker={"symbol": "square", "size": 8, "color": CLEAR},
        text=words,
        hovertemplate="%{text}<extra></extra>",
        hoverlabel={"align": "left"},
    )
    if row is not None or column is not None:
        left, right = (-0.5, k - 0.5) if column is None else (column - 0.5, column + 0.5)
        top, bottom = (-0.5, k - 0.5) if row is None else (row - 0.5, row + 0.5)
        line = {"color": QUIET if row is None or column is None else WARM, "width": 3}
        figure.add_shape(x0=left, x1=right, y0=top, y1=bottom, line=line)
    # the nearest marker is reported, independent of the cell size
    figure.update_layout(clickmode="event+select", hoverdistance=-1)
    return figure


def strengthen(figure: go.Figure, counts: np.ndarray) -> None:
    """Darken the cells of correct predictions, so that white numbers are readable on all of them in both themes."""
    k = len(counts)
    share = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    right = np.eye(k, dtype=bool) & (counts > 0)
    figure.data = [trace for trace in figure.data if trace.type == "heatmap"]
    figure.update_traces(hovertemplate=None, hoverinfo="skip")
    figure.data[0].z = np.where(right, 0.5 + 0.5 * share, np.nan)
    strong = right | (np.sqrt(share) > 0.5)
    for cells, font in ((strong, {"color": "white"}), (~strong & (counts > 0), {})) if k <= NUMBERED else ():
        rows, columns = np.nonzero(cells)
        texts = [short(counts[row, column]) for row, column in zip(rows, columns, strict=True)]
        figure.add_scatter(x=columns, y=rows, text=texts, mode="text", textfont={"size": 11, **font}, hoverinfo="skip")


def reliability(
    confidence: np.ndarray, share: np.ndarray, counts: np.ndarray, stated: str, right: str, sentence: str
) -> go.Figure:
    """Draw the accuracy at each confidence as bars against the diagonal; bars can be clicked.

    ``confidence`` (n + 1,) are the edges of the bins, ``share`` (n,) what is right in each, NaN in an empty one, and
    ``counts`` (n,) how many are in it, which the bar's strength shows. ``stated`` and ``right`` name the axes;
    ``sentence`` is the sentence under the pointer, with ``{low}``, ``{high}``, ``{share}`` and ``{count}``.
    """
    middles, widths = (confidence[1:] + confidence[:-1]) / 2, np.diff(confidence)
    strength = 0.25 + 0.75 * np.sqrt(counts / max(1, counts.max()))
    words = [
        sentence.format(low=decimal(100 * low, 0), high=decimal(100 * high, 0), share=percent(one), count=whole(n))
        for low, high, one, n in zip(confidence[:-1], confidence[1:], share, counts, strict=True)
    ]
    figure = go.Figure()
    figure.add_scatter(
        x=[0, 1], y=[0, 1], mode="lines", line={"color": QUIET, "dash": "dot", "width": 2}, hoverinfo="skip"
    )
    figure.add_bar(
        x=middles,
        y=share,
        width=0.9 * widths,
        marker={"color": ACCENT, "opacity": strength, "cornerradius": 3},
        text=words,
        textposition="none",
        hovertemplate="%{text}<extra></extra>",
    )
    bare(figure, 260)
    figure.update_layout(margin={"l": 48, "r": 20, "t": 8, "b": 44}, clickmode="event+select")
    shares = [0, 25, 50, 75, 100]
    ticks = {"tickvals": [one / 100 for one in shares], "ticktext": [f"{one}{mark(' %')}" for one in shares]}
    ticks |= {"tickfont": {"size": 12}}
    axis = {"visible": True, "zeroline": False, "range": [0, 1.02], "gridcolor": TRACK, **ticks}
    figure.update_xaxes(title={"text": stated, "font": {"size": 12}}, **{**axis, "showgrid": False})
    figure.update_yaxes(title={"text": right, "font": {"size": 12}}, **axis)
    return figure
