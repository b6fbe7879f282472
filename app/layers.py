"""A reading and its attributions as what the overlay shows, and as the one map that enters the agreement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from app.overlay.overlay import Layer
from app.words import known, word
from core import AttentionMap, Attribution, Kind, Reading
from core.attention.reduction import rows, to_grid
from core.attribution import Method

ENERGY = "energy"
EVEN = 0.9
"""A map without negative values is nearly even when its lowest value is above this share of its highest."""


@dataclass(frozen=True)
class Choice:
    """Which attention map is meant: a tap's, and one head of it, or None for the mean of its heads."""

    tap: str
    head: int | None = None

    @property
    def slug(self) -> str:
        """Its name in the address: ``stage4.block1.first`` or ``stage4.block1.first.head2``, heads counted from 1."""
        return self.tap if self.head is None else f"{self.tap}.head{self.head + 1}"


def tap_title(tap: str) -> str:
    """A tap's name for people: "Stage 4 · first"."""
    stage, *rest = tap.split(".")
    parts = [known(f"tap.{part}", part) for part in rest if not part.startswith("block")]
    return " · ".join([word("tap.stage", number=stage.removeprefix("stage")), *parts])


def map_title(one: AttentionMap, head: int | None) -> str:
    """The label of a map in the strip: what tells it from its neighbours comes first."""
    grid, where = "×".join(map(str, one.grid)), tap_title(one.tap)
    if one.kind != Kind.PAIRWISE:
        return f"{where} · {grid}"
    return f"{word('map.heads') if head is None else word('map.head', number=head + 1)} · {grid} · {where}"


def choices(reading: Reading) -> tuple[Choice, ...]:
    """Every attention map that lies on the picture, heads one by one after their mean."""
    found: list[Choice] = []
    for one in reading.maps:
        if one.kind == Kind.CHANNEL:
            continue
        found.append(Choice(one.tap))
        if one.kind == Kind.PAIRWISE:
            found += [Choice(one.tap, head) for head in range(len(one.weights))]
    return tuple(found)


def find_choice(reading: Reading, slug: str) -> Choice | None:
    """The map of that slug, else the last stage's first one; None where the model has none on the picture."""
    offered = choices(reading)
    if not offered:
        return None
    last = offered[-1].tap.split(".")[0]
    default = next(one for one in offered if one.tap.split(".")[0] == last)
    return next((one for one in offered if one.slug == slug), default)


def _map(reading: Reading, tap: str) -> AttentionMap:
    return next(one for one in reading.maps if one.tap == tap)


def grid_of(reading: Reading, choice: Choice, query: int | None = None) -> np.ndarray:
    """The map (h, w) that a choice means: the pinned ``query``'s row, else the mean over queries."""
    return to_grid(_map(reading, choice.tap), choice.head, query)


def attention_title(reading: Reading, choice: Choice | None, query: int | None = None) -> str:
    """The label of what is on the left pane."""
    if choice is None:
        return word("map.energy")
    title = map_title(_map(reading, choice.tap), choice.head)
    if query is None:
        return title
    row, column = divmod(query, grid_of(reading, choice).shape[1])
    return f"{title} · {word('map.from', row=row + 1, column=column + 1)}"


def evenness(values: np.ndarray) -> str:
    """A word of warning for a map whose colours show differences that are hardly there; else nothing."""
    low, high = float(values.min()), float(values.max())
    return word("overlay.note.even", low=f"{low:.3g}", high=f"{high:.3g}") if low > EVEN * high > 0 else ""


def attention_layers(reading: Reading) -> tuple[Layer, ...]:
    """The left pane's strip; for a model without such a map the activation energy, labelled as not attention."""
    layers = []
    for choice in choices(reading):
        one = _map(reading, choice.tap)
        values = rows(one, choice.head) if one.kind == Kind.PAIRWISE else to_grid(one, choice.head)
        note = evenness(to_grid(one, choice.head))
        layers.append(Layer(choice.slug, map_title(one, choice.head), values, note=note))
    if not layers:
        side = "×".join(map(str, reading.energy.shape))
        layers.append(Layer(ENERGY, f"{word('map.energy')} · {side}", reading.energy))
    return tuple(layers)


def gates(reading: Reading) -> tuple[AttentionMap, ...]:
    """The channel gates, which are shown as bars."""
    return tuple(one for one in reading.maps if one.kind == Kind.CHANNEL)


def method_title(method: Method) -> str:
    """A method's name in the chosen language."""
    return known(f"method.{method.slug}.title", method.title)


def attribution_layer(method: Method, found: Attribution, target: str) -> Layer:
    """An attribution for the right pane; a blank one says why it is blank."""
    note = "" if method.signed else evenness(found.values)
    if not found.values.any():
        note = word("overlay.note.negative" if method.slug == "grad-cam" else "overlay.note.zero", target=target)
    return Layer(method.slug, method_title(method), found.values, signed=method.signed, note=note)


def strongest(values: np.ndarray, count: int = 3) -> Sequence[tuple[int, int, float]]:
    """The cells (row, column, value) of the largest values of a map (h, w), counted from 1, the largest first."""
    order = values.ravel().argsort()[::-1][:count]
    return [(int(i) // values.shape[1] + 1, int(i) % values.shape[1] + 1, float(values.ravel()[i])) for i in order]
