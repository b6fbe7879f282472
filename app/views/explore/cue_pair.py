"""A picture and the same picture with a moved cue, side by side, each with its map and its prediction."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from app import attention_maps, layers
from app.attention_maps import Choice
from app.runtime.painting import painted_jpeg
from app.words import chance, plain
from core import AttentionMap, Picture, Reading
from core.attention import is_nearly_constant

MOST_LIKELY, ROWS = 2, 4
"""Classes that each prediction brings into the bars, and how many there are at most."""
MOVED = 0.1
"""A channel whose weight changes by more than this reacts to the cue."""


@dataclass(frozen=True, eq=False)
class Half:
    """One of the pair: its ``picture`` and ``reading``, a ``title``, and the ``answer`` to which its cue leads."""

    picture: Picture
    reading: Reading
    title: str
    answer: str


def pair_html(halves: Sequence[Half], classes: Sequence[str], choice: Choice | None, query: int | None) -> str:
    """The pair as HTML: the map that the left pane shows, on one scale for both, the probabilities and a channel gate.

    ``choice`` and ``query`` say which map that is. A gate that is nearly constant in both pictures has no map in
    either.
    """
    constant = _are_constant(halves, choice)
    maps = [None if constant else _map(one.reading, choice, query) for one in halves]
    shown = [values for values in maps if values is not None]
    ends = (float(min(map(np.min, shown))), float(max(map(np.max, shown)))) if shown else (0.0, 1.0)
    rows, gates = _rows(halves, classes), [_gate(one.reading) for one in halves]
    parts = []
    for half, values, gate in zip(halves, maps, gates, strict=True):
        jpeg = b64encode(painted_jpeg(half.picture, values, ends)).decode()
        bare = b64encode(painted_jpeg(half.picture, None)).decode()
        alt = escape(plain("swap.alt", title=half.title, answer=half.answer), quote=True)
        parts.append(
            f'<figure><div class="fovea-swap-picture"><img src="data:image/jpeg;base64,{bare}" alt="{alt}">'
            f'<img src="data:image/jpeg;base64,{jpeg}" alt=""></div><figcaption><h4>{escape(half.title)}</h4>'
            f"{_bars(half, rows, classes)}{_channels(gate, gates)}</figcaption></figure>"
        )
    arrow = '<span class="fovea-swap-arrow" aria-hidden="true">→</span>'
    return f'<div class="fovea-swap">{arrow.join(parts)}</div>'


def _map(reading: Reading, choice: Choice | None, query: int | None) -> np.ndarray | None:
    """The map of the left pane, whether or not it is nearly constant; None for a model with channel gates alone."""
    if choice is None:
        return None if layers.gates(reading) else reading.energy
    return attention_maps.grid_of(reading, choice, query)


def _are_constant(halves: Sequence[Half], choice: Choice | None) -> bool:
    """Whether the gate is nearly constant in both pictures."""
    if choice is None:
        return False
    return all(is_nearly_constant(attention_maps.find_map(half.reading, choice.tap)) for half in halves)


def _rows(halves: Sequence[Half], classes: Sequence[str]) -> list[int]:
    """The classes of the bars: both answers, then the most likely of each prediction, in the order of the classes."""
    wanted = [classes.index(half.answer) for half in halves]
    for half in halves:
        wanted += [int(one) for one in half.reading.probabilities.argsort()[::-1][:MOST_LIKELY]]
    return sorted(list(dict.fromkeys(wanted))[:ROWS])


def _bars(half: Half, rows: Sequence[int], classes: Sequence[str]) -> str:
    """The probabilities of some classes as a list with bars; the true class has a tick, the predicted one is bold."""
    lines = []
    for row in rows:
        share, name = float(half.reading.probabilities[row]), escape(classes[row])
        true = classes[row] == half.answer
        tick = f'<i title="{escape(plain("swap.true"), quote=True)}">✓</i>' if true else ""
        kind = "fovea-swap-predicted" if row == half.reading.predicted else ""
        lines.append(
            f'<li class="{kind}"><span>{name}{tick}</span><span>{chance(share)}</span>'
            f'<div><div style="width: {100 * share:.1f}%"></div></div></li>'
        )
    return f"<ul>{''.join(lines)}</ul>"


def _gate(reading: Reading) -> AttentionMap | None:
    """The last channel gate of a model, or None."""
    return next(reversed(layers.gates(reading).values()), None)


def _channels(gate: AttentionMap | None, gates: Sequence[AttentionMap | None]) -> str:
    """The weights of a gate as thin bars, those that react to the cue in color, and how many these are."""
    first, second = gates
    if gate is None or first is None or second is None:
        return ""
    moved, top = np.abs(first.weights - second.weights) > MOVED, max(1.0, float(gate.weights.max()))
    bars = "".join(
        f'<b class="{"fovea-swap-moved" if reacts else ""}" style="height: {100 * weight / top:.0f}%"></b>'
        for weight, reacts in zip(gate.weights, moved, strict=True)
    )
    sentence = escape(plain("swap.channels", moved=int(moved.sum()), channels=len(gate.weights), change=MOVED))
    return f'<div class="fovea-swap-channels" aria-hidden="true">{bars}</div><p>{sentence}</p>'
