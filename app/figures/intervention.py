"""Before and after: the likeliest classes as paired bars, and a map of attention beside what it became."""

from __future__ import annotations

import base64
from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.colors import sample_colorscale, sequential
from plotly.subplots import make_subplots

from app.figures.style import ACCENT, QUIET, TRACK, bare, letters

HEAT = tuple(sequential.Inferno)
"""The colours of a map as "#rrggbb", from its lowest value to its highest: those that the overlay begins with."""
OPACITY, GROWTH = 0.85, 0.7
"""Of the highest value, and how it falls towards zero: as on the overlay, so that the picture shows through."""
STOPS = 33


def share_text(probability: float) -> str:
    """A probability as people read it: 0.914 -> "91 %"."""
    whole = f"{100 * probability:.0f}"
    return f"{whole} %" if whole != "0" else "< 1 %"


def paired_bars(
    names: Sequence[str], before: np.ndarray, after: np.ndarray, target: int, labels: tuple[str, str]
) -> go.Figure:
    """Each class with two bars, the probability before and after; rows run down.

    ``names`` (n,), ``before`` and ``after`` (n,) in 0..1, ``target`` the row asked about, or −1; ``labels`` say which
    bar is which.
    """
    rows = np.arange(len(names))
    figure = go.Figure()
    for values, label, colour, down in ((before, labels[0], QUIET, -0.02), (after, labels[1], ACCENT, 0.2)):
        bar = {"orientation": "h", "width": 0.16, "hoverinfo": "skip"}
        figure.add_bar(x=np.ones(len(rows)), y=rows + down, marker={"color": TRACK, "cornerradius": 3}, **bar)
        figure.add_bar(x=values, y=rows + down, marker={"color": colour, "cornerradius": 3}, name=label, **bar)
    for row, name in enumerate(names):
        place = {"y": row - 0.3, "yanchor": "middle", "showarrow": False, "xref": "paper", "font": {"size": 14}}
        told = f"{share_text(before[row])} → {share_text(after[row])}"
        for x, side, text in ((0, "left", letters(name)), (1, "right", told)):
            figure.add_annotation(x=x, xanchor=side, text=f"<b>{text}</b>" if row == target else text, **place)
    key = "   ".join(
        f'<span style="color:{colour}">■</span> {label}' for colour, label in zip((QUIET, ACCENT), labels, strict=True)
    )
    figure.add_annotation(
        x=0, xanchor="left", xref="paper", y=-0.78, yanchor="middle", text=key, showarrow=False, font={"size": 13}
    )
    bare(figure, 46 * len(rows) + 26)
    figure.update_layout(barmode="overlay", bargap=0)
    figure.update_xaxes(range=[0, 1])
    figure.update_yaxes(range=[len(rows) - 0.62, -1.05])
    return figure


def paired_maps(
    jpeg: bytes, before: np.ndarray, after: np.ndarray, titles: tuple[str, str], notes: tuple[str, str], told: str
) -> go.Figure:
    """A map (h, w) and what it became, over the picture and on one scale from zero.

    ``jpeg`` is the square that both lie on; ``titles`` stand above them, ``notes`` under them; ``told`` is what a
    pointer is told, with ``{row}``, ``{column}`` and ``{value}``.
    """
    height, width = before.shape
    pointed = told.format(row="%{y}", column="%{x}", value="%{z:.3g}")
    figure = make_subplots(1, 2, horizontal_spacing=0.04)
    source = "data:image/jpeg;base64," + base64.b64encode(jpeg).decode()
    top = max(float(before.max()), float(after.max())) or 1.0
    for column, values in enumerate((before, after), 1):
        place = {"x": 0.5, "y": 0.5, "sizex": width, "sizey": height, "sizing": "stretch", "layer": "below"}
        figure.add_layout_image(source=source, **place, row=1, col=column)
        figure.add_heatmap(
            z=values,
            x=np.arange(1, width + 1),
            y=np.arange(1, height + 1),
            zmin=0,
            zmax=top,
            colorscale=see_through(),
            showscale=False,
            hovertemplate=f"{pointed}<extra></extra>",
            row=1,
            col=column,
        )
    bare(figure, 236)
    figure.update_layout(margin={"l": 0, "r": 0, "t": 24, "b": 24})
    figure.update_xaxes(range=[0.5, width + 0.5], constrain="domain")
    figure.update_yaxes(range=[height + 0.5, 0.5], constrain="domain", constraintoward="top", scaleratio=width / height)
    for column, (title, note) in enumerate(zip(titles, notes, strict=True), 1):
        axes = {"xref": f"x{'' if column == 1 else 2} domain", "yref": f"y{'' if column == 1 else 2} domain"}
        place = {"x": 0, "xanchor": "left", "showarrow": False, **axes}
        figure.add_annotation(y=1, yanchor="bottom", text=title, font={"size": 13}, **place)
        figure.add_annotation(y=0, yanchor="top", text=note, font={"size": 12}, **place)
        figure.update_yaxes(scaleanchor=f"x{'' if column == 1 else 2}", row=1, col=column)
    return figure


def see_through() -> list[tuple[float, str]]:
    """The colours of a map as a scale of Plotly's, the more opaque the higher the value."""
    places = np.linspace(0, 1, STOPS)
    colours = sample_colorscale(list(HEAT), places, colortype="tuple")
    return [
        (float(at), f"rgba({', '.join(f'{255 * part:.0f}' for part in colour)}, {OPACITY * at**GROWTH:.3f})")
        for at, colour in zip(places, colours, strict=True)
    ]
