"""Channel reactions: mean differences with their standard deviations."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from app.figures.style import ACCENT, QUIET, TRACK, WARM, bare, letters


def reaction_bars(
    names: Sequence[str], means: np.ndarray, deviations: np.ndarray, sentence: Sequence[str], axis: str
) -> go.Figure:
    """Mean differences (n,) as bars from zero, one below the other, each with its standard deviation as a whisker.

    Positive and negative ones have their own colors; where no whisker reaches below zero, the axis begins there.
    ``sentence`` stands under the pointer, ``axis`` below.
    """
    rows = list(range(len(names)))
    figure = go.Figure()
    figure.add_bar(
        x=np.asarray(means).tolist(),
        y=rows,
        orientation="h",
        width=0.55,
        marker={"color": [ACCENT if one >= 0 else WARM for one in means], "cornerradius": 3},
        error_x={"array": np.asarray(deviations).tolist(), "color": QUIET, "thickness": 1.5, "width": 4},
        hovertext=[letters(one) for one in sentence],
        hovertemplate="%{hovertext}<extra></extra>",
    )
    bare(figure, 28 * len(rows) + 56)
    reach = float(np.max(np.abs(means) + deviations, initial=0.0)) or 1.0
    low = -1.1 * reach if np.min(np.asarray(means) - deviations, initial=0.0) < 0 else 0.0
    figure.add_vline(x=0, line={"color": QUIET, "width": 1})
    figure.update_layout(margin={"l": 8, "r": 12, "t": 4, "b": 40})
    text = {"visible": True, "zeroline": False, "tickfont": {"size": 12.5}}
    figure.update_xaxes(
        range=[low, 1.1 * reach], nticks=5, gridcolor=TRACK, title={"text": axis, "font": {"size": 12}}, **text
    )
    labels = [letters(one) for one in names]
    figure.update_yaxes(
        range=[len(rows) - 0.5, -0.5], tickvals=rows, ticktext=labels, automargin=True, showgrid=False, **text
    )
    return figure
