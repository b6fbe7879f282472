"""Every picture of a run as a point: the model's confidence, and the agreement of attention and attribution."""

from __future__ import annotations

from itertools import product

import numpy as np
import plotly.graph_objects as go

from app.figures.style import ACCENT, QUIET, TRACK, WARM, bare, letters
from app.words import mark

FEW = 5000
"""The largest number of points to draw that are not mistakes."""
LIGHT = 3000
"""Up to this number, points are drawn as SVG, which every browser supports; more are drawn with WebGL."""
FAINT = 0.12


def drawn(correct: np.ndarray, known: np.ndarray, few: int = FEW, seed: int = 0) -> np.ndarray:
    """The places of the points to draw, in order: of those that are ``known`` all mistakes, and ``few`` of the rest.

    ``correct`` (n,) is 1, 0, or NaN for a picture without a true class; which ones are drawn depends on the ``seed``.
    """
    wrong, rest = np.flatnonzero(known & (correct == 0)), np.flatnonzero(known & ~(correct == 0))
    if len(rest) > few:
        rest = np.random.default_rng(seed).choice(rest, few, replace=False)
    return np.sort(np.concatenate([wrong, rest]))


def agreement_scatter(
    confidence: np.ndarray,
    agreement: np.ndarray,
    correct: np.ndarray,
    numbers: np.ndarray,
    chosen: np.ndarray,
    hover: np.ndarray,
    names: tuple[str, str, str],
    lasso: bool = False,
) -> go.Figure:
    """The points (n,), mistakes above the others; a click, or a ``lasso``, reports their ``numbers`` as custom data.

    Those that are not ``chosen`` (n,) are faint and lie below. ``hover`` (n,) are the texts for the pointer.
    ``names`` are those of the two axes and of the line at 0, no correlation.
    """
    figure = go.Figure()
    light = len(confidence) <= LIGHT
    points, size, many = (go.Scatter, 7, 1.0) if light else (go.Scattergl, 3.5, 0.6)
    groups = (correct == 1, ACCENT, 0.4), (np.isnan(correct), QUIET, 0.5), (correct == 0, WARM, 0.85)
    for kept, (group, color, strength) in product((False, True), groups):
        here = np.flatnonzero(group & (chosen == kept))
        if not len(here):
            continue
        figure.add_trace(
            points(
                x=100 * confidence[here],
                y=agreement[here],
                customdata=numbers[here],
                text=[letters(one) for one in hover[here]],
                mode="markers",
                marker={"color": color, "size": size, "opacity": strength * many if kept else FAINT},
                hovertemplate="%{text}<extra></extra>",
            )
        )
    bare(figure, 300)
    figure.update_layout(
        margin={"l": 44, "r": 16, "t": 8, "b": 44},
        dragmode="lasso" if lasso else False,
        clickmode="event+select",
        hovermode="closest",
    )
    axis = {"visible": True, "gridcolor": TRACK, "zeroline": False, "tickfont": {"size": 12}}
    shares = [0, 25, 50, 75, 100]
    ticks = {"tickvals": shares, "ticktext": [f"{one}{mark(' %')}" for one in shares], "range": [-3, 103]}
    figure.update_xaxes(title={"text": names[0], "font": {"size": 12}}, **ticks, **axis)
    low, high = (float(end) for end in (agreement.min(initial=0), agreement.max(initial=0)))
    ends = [min(-0.1, low - 0.08), min(1.08, high + 0.15)]
    figure.update_yaxes(title={"text": names[1], "font": {"size": 12}}, range=ends, nticks=6, **axis)
    figure.add_hline(y=0, line={"color": QUIET, "dash": "dot", "width": 1.5})
    left = {"xref": "paper", "x": 0, "y": 0, "xanchor": "left", "yanchor": "bottom", "showarrow": False}
    # few predictions have so little confidence
    figure.add_annotation(text=names[2], font={"size": 12, "color": QUIET}, **left)
    return figure
