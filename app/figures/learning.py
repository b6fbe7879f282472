"""Learning curves: the accuracy of several models by the number of training pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from app.figures.style import ACCENT, QUIET, TRACK, WARM, bare, letters
from app.words import decimal_field, mark, whole

LOOKS = (
    (ACCENT, "solid", "circle"),
    ("#2f8f6b", "dash", "square"),
    (QUIET, "dot", "diamond"),
    ("#8a5cc7", "dashdot", "x"),
)
"""Color, dash and marker of each line, so that lines differ by more than color."""


def learning_curves(
    lines: Mapping[str, Sequence[tuple[int, float]]], enough: float, pictures: str, accuracy: str
) -> go.Figure:
    """Accuracies, fractions, over training pictures on a logarithmic axis, by name; ``enough`` is a dotted line.

    ``pictures`` and ``accuracy`` are the words at the axes.
    """
    figure = go.Figure()
    for number, (name, points) in enumerate(lines.items()):
        color, dash, symbol = LOOKS[number % len(LOOKS)]
        figure.add_scatter(
            x=[one for one, _ in points],
            y=[100 * share for _, share in points],
            name=letters(name),
            mode="lines+markers",
            line={"color": color, "width": 2.5, "dash": dash},
            marker={"size": 8, "symbol": symbol, "color": color},
            hovertemplate=f"{decimal_field('y', 1)}{mark(' %')}",
            cliponaxis=False,
        )
    places = sorted({one for points in lines.values() for one, _ in points})
    bare(figure, 320)
    figure.add_hline(y=100 * enough, line={"color": WARM, "dash": "3px,4px", "width": 2})
    figure.update_layout(
        showlegend=True,
        legend={"orientation": "h", "y": -0.25, "x": 0, "font": {"size": 12}},
        margin={"l": 52, "r": 16, "t": 8, "b": 8},
        hovermode="x unified",
    )
    text = {"visible": True, "zeroline": False, "tickfont": {"size": 12}}
    named = {"tickvals": places, "ticktext": [whole(one) for one in places]}
    figure.update_xaxes(type="log", showgrid=False, title={"text": pictures, "font": {"size": 12}}, **named, **text)
    scale = {"range": [0, 102], "tick0": 0, "dtick": 20, "ticksuffix": mark(" %"), "gridcolor": TRACK}
    figure.update_yaxes(title={"text": accuracy, "font": {"size": 12}}, **scale, **text)
    return figure
