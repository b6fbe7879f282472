"""The two charts of a report, drawn in plain HTML and SVG: no script, and both in light and in dark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from core.reporting.wording import ENGLISH, Wording

SIDE, EDGE, TOP = 260, 48, 16
"""Pixels: the side of a chart, and the margins to the left and above."""


def confusion_table(names: Sequence[str], counts: Sequence[Sequence[int]]) -> str:
    """The confusion matrix: rows true, columns predicted; a larger share has a stronger color."""
    heads = "".join(f'<th scope="col"><span>{escape(name)}</span></th>' for name in names)
    rows = []
    for place, (name, row) in enumerate(zip(names, counts, strict=True)):
        total = sum(row)
        cells = [confusion_cell(count, total, place == column) for column, count in enumerate(row)]
        rows.append(f'<tr><th scope="row">{escape(name)}</th>{"".join(cells)}</tr>')
    head = f"<thead><tr><th></th>{heads}</tr></thead>"
    return f'<div class="wide"><table>{head}<tbody>{"".join(rows)}</tbody></table></div>'


def confusion_cell(count: int, total: int, right: bool) -> str:
    """One cell; an empty one stays empty. The color of a mistake grows with the root of its share."""
    if not count:
        return "<td></td>"
    strength = count / total if right else (count / total) ** 0.5
    return f'<td class="{"right" if right else "wrong"}" style="--share:{strength:.3f}">{count}</td>'


def calibration_chart(bins: Sequence[Mapping[str, Any]], wording: Wording = ENGLISH) -> str:
    """Accuracy against confidence: a point for each bin that holds a picture."""
    filled = [one for one in bins if one["pictures"]]
    most = max((one["pictures"] for one in filled), default=1)
    points = []
    for one in filled:
        x, y = EDGE + SIDE * one["confidence"], SIDE * (1 - one["accuracy"]) + TOP
        size = 3 + 9 * (one["pictures"] / most) ** 0.5
        given = wording.say(
            "confidence {confidence}, accuracy {accuracy}, n = {count}",
            confidence=wording.share(one["confidence"], 0),
            accuracy=wording.share(one["accuracy"], 0),
            count=one["pictures"],
        )
        circle = f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{size:.1f}" fill="var(--right)" fill-opacity="0.75">'
        points.append(f"{circle}<title>{escape(given)}</title></circle>")
    left, right, top, bottom = EDGE, EDGE + SIDE, TOP, TOP + SIDE
    marks = "".join(
        f'<text x="{left + SIDE * at:.0f}" y="{bottom + 16}" text-anchor="middle">{wording.share(at, 0)}</text>'
        f'<text x="{left - 6}" y="{bottom - SIDE * at + 4:.0f}" text-anchor="end">{wording.share(at, 0)}</text>'
        for at in (0, 0.5, 1)
    )
    frame = f'<rect x="{left}" y="{top}" width="{SIDE}" height="{SIDE}" fill="none" stroke="var(--line)"/>'
    diagonal = f'<path d="M{left} {bottom}L{right} {top}" stroke="var(--soft)" stroke-dasharray="3 4"/>'
    confidence, accuracy = escape(wording.say("confidence")), escape(wording.say("accuracy"))
    title = escape(wording.say("Calibration"))
    names = (
        f'<text x="{left + SIDE / 2:.0f}" y="{bottom + 32}" text-anchor="middle">{confidence}</text>'
        f'<text x="{left + 6}" y="{top + 16}">{accuracy}</text>'
    )
    size = f'width="{right + 20}" height="{bottom + 40}"'
    return f'<svg {size} role="img" aria-label="{title}">{frame}{diagonal}{marks}{names}{"".join(points)}</svg>'
