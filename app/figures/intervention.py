"""Before and after: the most likely classes as paired bars, and an attention map before and after a change."""

from __future__ import annotations

import base64
from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.colors import sample_colorscale, sequential

from app.figures.style import bare
from app.words import significant_field

HEAT = tuple(sequential.Inferno)
"""The colors of a map as "#rrggbb", from its lowest value to its highest: those that the overlay begins with."""
DIVERGING = "#3f1d73 #5b3fa0 #7c66bd #aca0d3 #f7f7f7 #fbca8a #f09c38 #d4701a #a34a04".split()
"""The colors of a signed map, as on the overlay: from its lowest value over zero to its highest."""
OPACITY, GROWTH = 0.85, 0.7
"""Of the highest value, and how it falls toward zero: as on the overlay, so that the picture shows through."""
STOPS = 33


def paired_maps(
    jpeg: bytes,
    before: np.ndarray,
    after: np.ndarray,
    titles: tuple[str, str],
    notes: tuple[str, str],
    hover: str,
    signed: bool = False,
) -> go.Figure:
    """A map (h, w) before and after a change, over the picture and on one scale from zero, or ``signed`` around it.

    ``jpeg`` is the square below both; ``titles`` are above them, ``notes`` below; ``hover`` is the text for the
    pointer, with ``{row}``, ``{column}`` and ``{value}``.
    """
    height, width = before.shape
    pointed = hover.format(row="%{y}", column="%{x}", value=significant_field("z"))
    source = "data:image/jpeg;base64," + base64.b64encode(jpeg).decode()
    top = max(float(np.abs(before).max()), float(np.abs(after).max())) or 1.0
    figure, images, above = go.Figure(), [], []
    for number, values, title, note in zip(("", "2"), (before, after), titles, notes, strict=True):
        axes = {"xaxis": f"x{number}", "yaxis": f"y{number}"}
        figure.add_heatmap(
            z=values,
            x=np.arange(1, width + 1),
            y=np.arange(1, height + 1),
            zmin=-top if signed else 0,
            zmax=top,
            colorscale=SIGNED if signed else SEE_THROUGH,
            showscale=False,
            hovertemplate=f"{pointed}<extra></extra>",
            **axes,
        )
        place = {"x": 0.5, "y": 0.5, "xref": axes["xaxis"], "yref": axes["yaxis"], "sizex": width, "sizey": height}
        images.append({"source": source, "sizing": "stretch", "layer": "below", **place})
        place = {"x": 0, "xanchor": "left", "showarrow": False}
        place |= {"xref": f"x{number} domain", "yref": f"y{number} domain"}
        above.append({"y": 1, "yanchor": "bottom", "text": title, "font": {"size": 13}, **place})
        above.append({"y": 0, "yanchor": "top", "text": note, "font": {"size": 12}, **place})
    across = {"range": [0.5, width + 0.5], "constrain": "domain"}
    down = {"range": [height + 0.5, 0.5], "constrain": "domain", "constraintoward": "top", "scaleratio": width / height}
    bare(
        figure,
        236,
        images=images,
        annotations=above,
        xaxis={**across, "domain": [0, 0.48]},
        xaxis2={**across, "domain": [0.52, 1], "anchor": "y2"},
        yaxis={**down, "scaleanchor": "x"},
        yaxis2={**down, "scaleanchor": "x2", "anchor": "x2"},
        margin={"t": 24, "b": 24},
    )
    return figure


def see_through(scale: Sequence[str], signed: bool = False) -> list[tuple[float, str]]:
    """The colors of a map as a scale of Plotly's, the more opaque the higher the value, or the farther from zero."""
    places = np.linspace(0, 1, STOPS)
    colors, sizes = sample_colorscale(list(scale), places, colortype="tuple"), abs(2 * places - 1) if signed else places
    return [
        (float(at), f"rgba({', '.join(f'{255 * part:.0f}' for part in color)}, {OPACITY * size**GROWTH:.3f})")
        for at, color, size in zip(places, colors, sizes, strict=True)
    ]


SEE_THROUGH, SIGNED = see_through(HEAT), see_through(DIVERGING, signed=True)
