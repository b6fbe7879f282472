"""Figures of Trust: rankings of means with intervals, maps over pictures with ground truth, and single maps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from textwrap import wrap

import numpy as np
import plotly.graph_objects as go
from PIL import Image, ImageDraw
from plotly.colors import hex_to_rgb

from app.figures.intervention import GROWTH, HEAT, OPACITY
from app.figures.style import ACCENT, CLEAR, QUIET, TRACK, WARM, bare, letters
from app.words import decimal_field, mark
from core.images import to_picture

WIDEST = 24
"""The largest number of characters of a name on one line."""
LINE, TEXT, VALUE = 31, 16, 50  # pixels: how high a line is, how much more with each more line of its name; its number
SIDE = 512  # pixels of a picture with a map over it
FINE = 128  # pixels, at least, of a map alone
PEAKS = 4
"""If more cells than this tie for the largest value, none is marked."""
COLORS = np.array([hex_to_rgb(one) for one in HEAT], float)


@dataclass(frozen=True)
class Line:
    """One line of a ranking: ``reference`` does not depend on the model, ``warned`` needs caution.

    ``value`` is the mean in words, ``tooltip`` what stands under the pointer, in Plotly's HTML, ``note`` is shown in
    gray next to the name. A line without a mean has no place on the axis.
    """

    name: str
    mean: float | None
    low: float | None
    high: float | None
    value: str
    tooltip: str
    reference: bool = False
    warned: bool = False
    note: str = ""

    def label(self, bold: bool) -> list[str]:
        """Its name and note, in as many lines as they take."""
        lines = [letters(one) for one in wrap(self.name, WIDEST)]
        beside = len(lines[-1]) + len(self.note) + 2 < WIDEST
        lines = [f"<b>{one}</b>" if bold else one for one in lines]
        if self.note:
            note = letters(self.note)
            lines = [*lines[:-1], f"{lines[-1]} · {note}"] if beside else [*lines, note]
        return lines


def ranking(
    lines: Sequence[Line], guess: float | None, span: tuple[float, float], share: bool = False, chosen: int = -1
) -> go.Figure:
    """Means as dots with their 95 % intervals, the first line on top; ``guess`` is a dotted line.

    ``span`` is where the axis begins and ends, in percent where the values are a ``share``. A line can be clicked
    anywhere. A reference has a hollow dot. The name of the ``chosen`` line is bold; a line is as high as its name.
    """
    labels, figure = [one.label(row == chosen) for row, one in enumerate(lines)], go.Figure()
    heights = np.array([LINE + TEXT * (len(one) - 1) for one in labels])
    bottom = int(heights.sum())
    rows = (heights.cumsum() - heights / 2).tolist()  # where the middle of each is, in pixels from the top
    colors = [WARM if one.warned else QUIET if one.reference else ACCENT for one in lines]
    shapes, values = [], []  # set at once: one by one is far slower
    for number, (row, one, color) in enumerate(zip(rows, lines, colors, strict=True)):
        place = {"type": "line", "y0": row, "y1": row}
        shapes.append({**place, "x0": span[0], "x1": span[1], "line": {"color": TRACK, "width": 6}, "layer": "below"})
        if one.mean is not None:
            shapes.append({**place, "x0": one.low, "x1": one.high, "line": {"color": color, "width": 2}})
        text = f"<b>{one.value}</b>" if number == chosen else one.value
        values.append({"text": text, "x": 1, "y": row, "xref": "paper", "xanchor": "right", "xshift": VALUE})
    if guess is not None:
        dots = {"color": WARM, "dash": "3px,4px", "width": 2}
        place = {"type": "line", "x0": guess, "x1": guess, "y0": 0, "y1": bottom}
        shapes.append({**place, "line": dots, "layer": "between"})
    figure.update_layout(shapes=shapes, annotations=[one | {"showarrow": False} for one in values])
    figure.add_scatter(
        x=[one.mean for one in lines],
        y=rows,
        mode="markers",
        marker={
            "size": 10,
            "color": colors,
            "symbol": ["circle-open" if one.reference else "circle" for one in lines],
            "line": {"width": 2, "color": colors},
        },
        hoverinfo="skip",
        cliponaxis=False,
    )
    # an invisible bar over the whole line takes the pointer and the click
    figure.add_bar(
        x=[span[1] - span[0]] * len(lines),
        base=span[0],
        y=rows,
        orientation="h",
        width=heights.tolist(),
        marker={"color": CLEAR},
        hovertext=[one.tooltip for one in lines],
        hovertemplate="%{hovertext}<extra></extra>",
    )
    figure.update_traces(unselected={"marker": {"opacity": 1}}, selector={"type": "scatter"})
    bare(figure, bottom + 40)
    figure.update_layout(margin={"r": VALUE, "b": 6})
    names = ["<br>".join(one) for one in labels]
    text = {"tickfont": {"size": 12.5}, "visible": True, "zeroline": False, "ticklabeloverflow": "allow"}
    figure.update_layout(clickmode="event+select", hoverlabel={"align": "left"})
    figure.update_xaxes(range=span, side="top", nticks=5, gridcolor=TRACK, **text)
    figure.update_xaxes(tickformat=".0%" if share else None)
    figure.update_yaxes(range=[bottom, 0], tickvals=rows, ticktext=names, automargin=True, showgrid=False, **text)
    return figure


def courses(
    lines: Mapping[str, Sequence[float | None]], stages: Sequence[str], limit: float, chosen: str = ""
) -> go.Figure:
    """The rank correlations of maps after each of the ``stages``, by name; None where undefined.

    The ``chosen`` one is in color on top, the others are quiet; ``limit`` is a dotted line.
    """
    figure, places = go.Figure(), list(range(len(stages)))
    for name in sorted(lines, key=lambda one: one == chosen):
        color, width = (ACCENT, 3) if name == chosen else (QUIET, 1.5)
        line = {"color": color, "width": width}
        tooltip = f"{letters(name)}<br>%{{x}}{mark(': ')}{decimal_field('y', 2)}<extra></extra>"
        figure.add_scatter(
            x=places,
            y=lines[name],
            name=letters(name),
            mode="lines+markers",
            line=line,
            marker={"size": 2 * width + 2},
            opacity=1 if name == chosen else 0.6,
            hovertemplate=tooltip,
        )
    bare(figure, 260)
    figure.add_hline(y=limit, line={"color": WARM, "dash": "3px,4px", "width": 2})
    figure.update_layout(margin={"l": 34, "r": 12, "t": 8, "b": 46}, hovermode="closest")
    text = {"visible": True, "zeroline": False, "tickfont": {"size": 12}}
    figure.update_xaxes(tickvals=places, ticktext=[letters(one) for one in stages], showgrid=False, **text)
    figure.update_yaxes(gridcolor=TRACK, dtick=0.5, **text)
    return figure


def heat(values: np.ndarray) -> np.ndarray:
    """How strong a map (h, w) is, whatever its sign, from nothing to its own peak: uint8, cells made larger."""
    strength, times = np.abs(np.asarray(values, float)), -(-FINE // len(values))
    colors = _color(strength / strength.max() if strength.any() else strength)
    return colors.repeat(times, 0).repeat(times, 1)


def lay(pixels: np.ndarray, values: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """A picture (s, s, 3) with the positive evidence of a map (h, w) over it: (512, 512, 3) uint8.

    The edge of the ``mask`` (H, W) is a white line, and the map's peak, or a few that tie for it, a ring.
    """
    from scipy.ndimage import binary_dilation, binary_erosion

    positive, square = np.maximum(values, 0), (0.0, 0.0, float(SIDE), float(SIDE))
    picture = np.asarray(Image.fromarray(pixels).resize((SIDE, SIDE), Image.Resampling.BICUBIC), float)
    if positive.any():
        strength = to_picture(positive / positive.max(), square, (SIDE, SIDE), smooth=True)
        alpha = OPACITY * strength[..., None] ** GROWTH
        picture = alpha * _color(strength) + (1 - alpha) * picture
    inside = to_picture(np.asarray(mask, np.float32), square, (SIDE, SIDE)) > 0.5
    edge = inside & ~binary_erosion(inside, iterations=3)
    picture[binary_dilation(edge, iterations=2) & ~edge] *= 0.35
    picture[edge] = 255
    drawn = Image.fromarray(picture.round().astype(np.uint8))
    peaks = np.argwhere(positive == positive.max()) if positive.any() else ()
    for place in peaks if len(peaks) <= PEAKS else ():
        _ring(drawn, *((place + 0.5) / positive.shape * SIDE))
    return np.asarray(drawn)


def _color(share: np.ndarray) -> np.ndarray:
    """Shares 0 to 1 as colors, on one more axis, uint8."""
    stops = np.linspace(0, 1, len(COLORS))
    return np.stack([np.interp(share, stops, one) for one in COLORS.T], -1).round().astype(np.uint8)


def _ring(image: Image.Image, y: float, x: float) -> None:
    pen = ImageDraw.Draw(image)
    for radius, width, color in ((15, 7, "#1d2230"), (13, 3, "#ffffff")):
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), outline=color, width=width)
