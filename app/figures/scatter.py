"""Every picture of a run as a point: how sure the model was, and how far its attention and its gradients agree."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from app.figures.style import ACCENT, QUIET, TRACK, WARM, plain

FEW = 5000
"""Of the points that are not mistakes so many at most are drawn."""
LIGHT = 3000
"""Up to so many points are drawn as shapes, which any browser can; more of them by its graphics."""
FAINT = 0.12


def drawn(correct: np.ndarray, known: np.ndarray, few: int = FEW, seed: int = 0) -> np.ndarray:
    """The places of the points to draw, in order: of those that are ``known`` all mistakes, and ``few`` of the rest.

    ``correct`` (n,) is 1, 0, or NaN for a picture without a true class; which ones are drawn hangs on the ``seed``.
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
    told: Sequence[str],
    axes: tuple[str, str],
    lasso: bool = False,
) -> go.Figure:
    """The points (n,), mistakes above the others; a click, or a ``lasso``, tells their ``numbers`` as custom data.

    Those that are not ``chosen`` (n,) are faint. ``told`` is what a point says under the pointer, and ``axes`` names
    the two axes.
    """
    figure = go.Figure()
    light = len(confidence) <= LIGHT
    points, size, many = (go.Scatter, 7, 1.0) if light else (go.Scattergl, 3.5, 0.6)
    groups = (correct == 1, ACCENT, 0.4), (np.isnan(correct), QUIET, 0.5), (correct == 0, WARM, 0.85)
    for group, colour, strength in groups:
        strength *= many
        here = np.flatnonzero(group)
        if not len(here):
            continue
        figure.add_trace(
            points(
                x=100 * confidence[here],
                y=agreement[here],
                customdata=numbers[here],
                text=[told[place] for place in here],
                mode="markers",
                marker={"color": colour, "size": size, "opacity": strength},
                selectedpoints=None if chosen.all() else np.flatnonzero(chosen[here]),
                selected={"marker": {"opacity": strength}},
                unselected={"marker": {"opacity": FAINT}},
                hovertemplate="%{text}<extra></extra>",
            )
        )
    plain(figure, 300)
    figure.update_layout(
        margin={"l": 44, "r": 8, "t": 8, "b": 44},
        dragmode="lasso" if lasso else False,
        clickmode="event+select",
        hovermode="closest",
    )
    axis = {"visible": True, "gridcolor": TRACK, "zeroline": False, "tickfont": {"size": 12}, "nticks": 5}
    figure.update_xaxes(title={"text": axes[0], "font": {"size": 12}}, ticksuffix=" %", range=[-2, 103], **axis)
    low = float(min(-0.1, agreement.min(initial=0) - 0.08))
    figure.update_yaxes(title={"text": axes[1], "font": {"size": 12}}, range=[low, 1.08], **axis)
    figure.add_hline(y=0, line={"color": QUIET, "dash": "dot", "width": 1})
    return figure
