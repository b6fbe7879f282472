"""A reading and its attributions as what the overlay shows, and as the one map that enters the agreement."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count

import numpy as np

from app.components.overlay import Layer, Rows, Stack
from app.words import apart, known, percent, plain, word
from core import AttentionMap, Attribution, Kind, Reading
from core.attention.reduction import HEADS_AXIS, has_rows, has_token, heads, rows, to_grid
from core.attention.rollout import ROLLOUT, can_roll, rollout_map
from core.attribution import METHODS, Method

ENERGY = "energy"
EVEN = 0.9
"""A map without negative values is nearly even when its lowest value is above this share of its highest."""
MANY = 16
"""Of more maps than these a strip offers each layer's mean over heads, and the heads of the chosen layer only."""
LIGHT = 1_000_000
"""Where the maps of a strip have more values than these together, only the chosen one can be looked into at once."""
ROUNDING = 1e-6
"""Of the largest score: what its rounding may leave in a map that adds up to a change of score."""
PLACE = re.compile(r"(stage|block)(\d+)")


@dataclass(frozen=True)
class Choice:
    """Which attention map is meant: a tap's, and one head of it, or None for the mean of its heads."""

    tap: str
    head: int | None = None

    @property
    def slug(self) -> str:
        """Its name in the address: ``stage4.block1.first`` or ``stage4.block1.first.head2``, heads counted from 1."""
        return self.tap if self.head is None else f"{self.tap}.head{self.head + 1}"


def tap_titles(maps: Sequence[AttentionMap]) -> dict[str, str]:
    """Each tap's name for people: "Stage 4 · first" where all of it can be said in words, else by order: "Layer 7"."""
    spoken = {one.tap: list(_spoken(one)) for one in maps}
    titles = {tap: " · ".join(filter(None, parts)) for tap, parts in spoken.items() if None not in parts}
    alike, gates, others = Counter(titles.values()), count(1), count(1)
    for one in maps:
        if alike[titles.get(one.tap)] != 1:
            gate = one.kind == Kind.CHANNEL
            name = word("place.gate", number=next(gates)) if gate else word("place.layer", number=next(others))
            titles[one.tap] = " · ".join([name, *filter(None, spoken[one.tap])])
    return {one.tap: titles[one.tap][:1].upper() + titles[one.tap][1:] for one in maps} | {ROLLOUT: word("map.rollout")}


def _spoken(one: AttentionMap) -> Iterator[str | None]:
    """The words of each part of a tap's name: none for what goes without saying, None where there is no word."""
    for depth, part in enumerate(one.tap.split(".")):
        if found := PLACE.fullmatch(part):
            place, number = found.groups()
            yield "" if depth else word(f"place.{place}", number=number)
        elif part == "attention" and one.kind in HEADS_AXIS:
            yield ""
        else:
            yield known(f"tap.{part}.{one.kind}", known(f"tap.{part}", "")) or None


def map_title(reading: Reading, choice: Choice) -> str:
    """The whole name of a map: what tells it from its neighbours comes first."""
    return _names(reading, choice)[0]


def _names(reading: Reading, choice: Choice) -> tuple[str, str]:
    """The whole name of a map, and the short one under its thumbnail."""
    rolled = choice.tap == ROLLOUT
    one = next(one for one in reading.maps if (one.kind == Kind.PAIRWISE if rolled else one.tap == choice.tap))
    grid, where = "×".join(map(str, one.grid)), tap_titles(reading.maps)[choice.tap]
    if rolled or heads(one) < 2:
        return f"{where} · {grid}", where
    many = len(choices(reading)) > MANY
    if choice.head is None:
        mean = word("map.heads")
        few = f"{mean} · {grid} · {where}", f"{word('map.mean')} · {grid}"
        return (f"{where} · {grid} · {mean}", where) if many else few
    head = word("map.head", number=choice.head + 1)
    return f"{head} · {grid} · {where}", head if many else f"{head} · {grid}"


def choices(reading: Reading) -> tuple[Choice, ...]:
    """Every attention map that lies on the picture, heads one by one after their mean, and rollout at the end."""
    found: list[Choice] = []
    for one in reading.maps:
        if one.kind != Kind.CHANNEL:
            found.append(Choice(one.tap))
            found += [Choice(one.tap, head) for head in range(heads(one)) if heads(one) > 1]
    return (*found, *([Choice(ROLLOUT)] if can_roll(reading.maps) else []))


def offered(reading: Reading, chosen: Choice) -> tuple[Choice, ...]:
    """What the strip offers: every map; of many, each layer's mean over heads, then the heads of the chosen layer."""
    every = choices(reading)
    if len(every) <= MANY:
        return every
    means = [one for one in every if one.head is None]
    return (*means, *(one for one in every if one.head is not None and one.tap == chosen.tap))


def find_choice(reading: Reading, slug: str) -> Choice | None:
    """The map of that slug, else the first one of the last module; None where the model has none on the picture."""
    every = choices(reading)
    own = [one for one in every if one.tap != ROLLOUT]
    if not own:
        return None
    default = next(one for one in own if _module(one.tap) == _module(own[-1].tap))
    return next((one for one in every if one.slug == slug), default)


def _module(tap: str) -> str:
    """The module that a tap shares with others; one of a numbered series has none to share."""
    module, _, name = tap.rpartition(".")
    return tap if name[-1:].isdigit() else module


def _map(reading: Reading, tap: str) -> AttentionMap:
    return rollout_map(reading.maps) if tap == ROLLOUT else next(one for one in reading.maps if one.tap == tap)


def grid_of(reading: Reading, choice: Choice, query: int | None = None) -> np.ndarray:
    """The map (h, w) that a choice means: the pinned ``query``'s row, else the map at rest, whatever slice is shown."""
    return to_grid(_map(reading, choice.tap), choice.head, query)


def even_share(reading: Reading, choice: Choice) -> float:
    """The weight that each token would get from a patch that looks evenly at all it can see."""
    return 1 / _map(reading, choice.tap).weights.shape[-1]


def attention_title(reading: Reading, choice: Choice | None, query: int | None = None) -> str:
    """The label of the map that enters the agreement: the one on the left pane, at rest or from the pinned patch."""
    if choice is None:
        return word("map.energy")
    one = _map(reading, choice.tap)
    about = _within(one, choice.head)[0]
    if query is not None:
        row, column = divmod(query, one.grid[1])
        about = word("map.from", row=row + 1, column=column + 1)
    return " · ".join(filter(None, [map_title(reading, choice), about]))


def evenness(values: np.ndarray) -> str:
    """A word of warning for a map whose colours show differences that are hardly there; else nothing."""
    low, high = float(values.min()), float(values.max())
    if not low > EVEN * high > 0:
        return ""
    least, most = apart(low, high)
    return word("overlay.note.even", low=least, high=most)


def attention_layers(reading: Reading, chosen: Choice | None, classes: Sequence[str]) -> tuple[Layer, ...]:
    """The left pane's strips; for a model without a map on the picture its activation energy, as not attention."""
    if chosen is None:
        side = "×".join(map(str, reading.energy.shape))
        return (Layer(ENERGY, f"{word('map.energy')} · {side}", reading.energy, label=word("map.activation")),)
    strip, titles = offered(reading, chosen), tap_titles(reading.maps)
    maps = {tap: _map(reading, tap) for tap in {one.tap for one in strip}}
    light = sum(maps[one.tap].weights.size // max(1, heads(maps[one.tap])) for one in strip) <= LIGHT
    layers = []
    for choice in strip:
        one = maps[choice.tap]
        values = to_grid(one, choice.head)
        rest, more = _within(one, choice.head, reading.steps, classes)
        title, label = _names(reading, choice)
        alone = choice.head is not None and len(strip) < len(choices(reading))
        layers.append(
            Layer(
                choice.slug,
                title,
                values,
                note=evenness(values),
                rest=rest,
                label=label,
                group=word("map.heads_of", layer=titles[choice.tap]) if alone else "",
                more=more if light or choice == chosen else None,
            )
        )
    return tuple(layers)


def _within(
    one: AttentionMap, head: int | None, steps: np.ndarray | None = None, classes: Sequence[str] = ()
) -> tuple[str, Stack | Rows | None]:
    """What a map of each kind is at rest, in words, and what more of it there is to see."""
    if one.kind == Kind.FEATURE:
        labels = [word("map.channel", number=number + 1) for number in range(len(one.weights))]
        return word("map.rest.channels", count=len(labels)), Stack(one.weights, tuple(labels))
    if one.kind == Kind.SEQUENCE:
        labels = [word("map.glimpse", number=number + 1) for number in range(len(one.weights))]
        if steps is not None and len(steps) == len(labels):  # what it would answer after that glimpse
            said = [f"{classes[step.argmax()]} {percent(float(step.max()), 0)}" for step in steps]
            labels = [" · ".join(pair) for pair in zip(labels, said, strict=True)]
        return word("map.rest.glimpses", count=len(labels)), Stack(one.weights, tuple(labels), film=True)
    if one.kind in HEADS_AXIS:
        rest = word("map.rest.token") if has_token(one) else word("map.rest.patches")
        return rest, Rows(*rows(one, head), even=1 / one.weights.shape[-1]) if has_rows(one) else None
    return "", None


def gates(reading: Reading) -> dict[str, AttentionMap]:
    """The channel gates, which are shown as bars, by their title."""
    titles = tap_titles(reading.maps)
    return {titles[one.tap]: one for one in reading.maps if one.kind == Kind.CHANNEL}


def method_title(method: Method) -> str:
    """A method's name in the chosen language."""
    return known(f"method.{method.slug}.title", method.title)


def is_blank(found: Attribution, reading: Reading) -> bool:
    """Whether an attribution shows nothing: it is zero, or adds up to a change of score and is only its rounding."""
    complete = found.gap is not None or any(one.complete for one in METHODS if one.slug == found.method)
    limit = ROUNDING * float(np.abs(reading.logits).max()) if complete else 0.0
    return bool(np.abs(found.values).max() <= limit)


def blank_note(method: Method, found: Attribution, reading: Reading, classes: Sequence[str]) -> str:
    """Why an attribution is blank, in words; nothing where it shows something."""
    if not is_blank(found, reading):
        return ""
    about = "attention" if method.family == "attention" else "picture"
    target, left = classes[found.target], plain("overlay.note.rounding") if found.values.any() else ""
    if found.contrast is not None:
        why = plain(f"overlay.note.undecided.{about}", target=target, other=classes[found.contrast])
    elif method.slug == "grad-cam":
        why = plain("overlay.note.negative", target=target)
    else:
        why = plain(f"overlay.note.zero.{about}", target=target)
    return " ".join(filter(None, [why, left]))


def contrast_title(classes: Sequence[str], found: Attribution) -> str:
    """The class that an attribution is about, and the one that is set against it, where there is one."""
    target = classes[found.target]
    return target if found.contrast is None else plain("contrast.both", target=target, other=classes[found.contrast])


def attribution_layer(
    method: Method,
    found: Attribution,
    reading: Reading,
    classes: Sequence[str],
    pair: tuple[int, int] | None = None,
    part: str = "",
) -> Layer:
    """An attribution for the right pane; a blank one says why it is blank, and its rounding is not drawn.

    ``part`` is the part of the model that was asked, in words: the title names it. Where two classes are set against
    each other, the ``pair``, a map of both together or of one of them says which.
    """
    signed = method.signed or found.contrast is not None
    name, values, note = method_title(method), found.values, blank_note(method, found, reading, classes)
    title = " · ".join(filter(None, [name, part]))
    if note:
        values = np.zeros_like(values)
    elif not signed:
        note = evenness(values)
    if pair is None:
        return Layer(method.slug, title, values, signed=signed, note=note, label=name)
    both = plain("contrast.both", target=classes[pair[0]], other=classes[pair[1]])
    return Layer(
        side_slug(method, None if found.contrast is not None else found.target),
        plain("contrast.title", method=title, classes=contrast_title(classes, found)),
        values,
        signed=signed,
        note=note,
        label=classes[found.target] if found.contrast is None else plain("contrast.short"),
        group=plain("contrast.group", method=name, classes=both),
        together=True,
    )


def side_slug(method: Method, side: int | None) -> str:
    """The slug of a method's map for one of two classes by its index, or of both together: ``grad-cam@3``."""
    return method.slug if side is None else f"{method.slug}@{side}"


def parse_side(slug: str) -> tuple[str, int | None]:
    """The method's slug and the class in what ``side_slug`` made."""
    name, _, side = slug.partition("@")
    return name, int(side) if side else None


def strongest(values: np.ndarray, count: int = 3) -> Sequence[tuple[int, int, float]]:
    """The cells (row, column, value) of the largest values of a map (h, w), counted from 1, the largest first."""
    order = values.ravel().argsort()[::-1][:count]
    return [(int(i) // values.shape[1] + 1, int(i) % values.shape[1] + 1, float(values.ravel()[i])) for i in order]
