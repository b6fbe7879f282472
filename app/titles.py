"""Titles of maps and notes on them: attention maps by their layer, attributions by their method."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import reduce
from itertools import count, pairwise, takewhile

import numpy as np

from app.attention_maps import MANY, Choice, choices, find_map
from app.words import apart, known, listed, mark, percent, plain, say, together, word
from core import AttentionMap, Attribution, Reading
from core.attention import ROLLOUT, has_token, heads, share_off_grid
from core.attribution import METHODS, Method, Parameter
from core.data import TAG_OF
from core.tasks import TASKS

EVEN = 0.9
"""A map without negative values is nearly uniform when its lowest value is above this share of its highest."""
ROUNDING = 1e-6
"""Of the largest score: what its rounding may leave in a map that adds up to a change of score."""
PLACE = re.compile(r"(stage|block)(\d+)")
HALVES = ("first", "second")
"""The two layers of a block."""


def tap_titles(maps: Sequence[AttentionMap]) -> dict[str, str]:
    """The title of each tap: "Layer 4a" if its name can be put in words, else by order: "Layer 7"."""
    spoken = {one.tap: list(_spoken(one)) for one in maps}
    titles = {tap: in_row(filter(None, parts)) for tap, parts in spoken.items() if None not in parts and any(parts)}
    alike, gates, others = Counter(titles.values()), count(1), count(1)
    mixed = {one.tap: last.tap for last, one in pairwise(maps) if one.kind.signed and one.tap.startswith(last.tap)}
    for one in maps:
        if one.tap in mixed:
            titles[one.tap] = in_row([titles[mixed[one.tap]], word("tap.mixed.after")])
            titles[mixed[one.tap]] = in_row([titles[mixed[one.tap]], word("tap.mixed.before")])
        elif alike[titles.get(one.tap)] != 1:
            gate = not one.kind.on_picture
            name = word("place.gate", number=next(gates)) if gate else word("place.layer", number=next(others))
            rest = spoken[one.tap] if None in spoken[one.tap] else ()  # a name that two share distinguishes neither
            titles[one.tap] = in_row([name, *map(within, filter(None, rest))])
    return {one.tap: titles[one.tap][:1].upper() + titles[one.tap][1:] for one in maps} | {ROLLOUT: word("map.rollout")}


def _spoken(one: AttentionMap) -> Iterator[str | None]:
    """The words of each part of a tap's name: empty for a part that needs no name, None where there is no word."""
    parts = one.tap.split(".")
    half = _half(parts)
    for depth, part in enumerate(parts[:-1] if half else parts):
        if found := PLACE.fullmatch(part):
            place, number = found.groups()
            yield "" if depth else word(f"place.half.{half}" if half else f"place.{place}", number=number)
        elif part == "attention" and (one.kind.compares or part != parts[-1]):
            yield ""
        else:
            yield known(f"tap.{part}.{one.kind}", known(f"tap.{part}", "")) or None


def stage_title(name: str) -> str:
    """A stage of a model in words: "Stage 4, block 1, layer 1" for ``stage4.block1.0``, "Layer 4" for ``layer4``."""
    parts: list[str] = []
    for part in name.split("."):
        if found := PLACE.fullmatch(part):
            place, number = found.groups()
            parts.append(word(f"place.{place}", number=number))
        elif not part.isdecimal():
            parts.append(spelled(part))
        elif parts and not parts[-1][-1:].isdigit():
            parts[-1] += f" {part}"
        else:  # counted from 0 by torch
            parts.append(word("place.layer", number=int(part) + 1))
    first, *rest = parts
    return in_row([first[:1].upper() + first[1:], *map(within, rest)])


def spelled(name: str) -> str:
    """A name in code as words: "mean color" for ``mean-color``, "stage 3" for ``stage3``."""
    return re.sub(r"(?<=[a-z])(?=\d)", " ", name.replace("-", " ").replace("_", " "))


def in_row(parts: Iterable[str]) -> str:
    """The parts of a title after one another: "Stage 4, block 1"."""
    return reduce(lambda left, right: plain("map.of", part=left, layer=right), parts)


def _half(parts: Sequence[str]) -> str:
    """Return which of the two layers of a block a tap's name ends in; empty if neither."""
    return parts[-1] if parts[-1] in HALVES and PLACE.fullmatch(parts[0]) else ""


def map_title(reading: Reading, choice: Choice) -> str:
    """The full name of a map: the part that distinguishes it from its neighbors comes first."""
    return map_names(reading, choice)[0]


def map_names(reading: Reading, choice: Choice) -> tuple[str, str]:
    """The whole name of a map, and the short one under its thumbnail."""
    where = tap_titles(reading.maps)[choice.tap]
    if choice.tap == ROLLOUT or heads(one := find_map(reading, choice.tap)) < 2:
        return where, where
    many, layer = len(choices(reading)) > MANY, within(where)
    if choice.head is None:
        mean = word(f"map.average.{one.kind.part}", "map.average.part", count=heads(one))
        title = word("map.of", part=mean, layer=layer)
        return title, where if many else word("map.of", part=word("map.mean"), layer=layer)
    head = part_title(one.kind.part, choice.head)
    title = word("map.of", part=head, layer=layer)
    return title, head if many else title


def part_title(part: str, number: int) -> str:
    """The name of a part, such as a head, by its ``number`` counted from 0: "Head 2"."""
    return word(f"map.{part}", "map.part", number=number + 1)


def within(title: str) -> str:
    """A title as it is written inside a longer one: "Layer 4a" -> "layer 4a"."""
    return title[:1].lower() + title[1:]


def device_title(device: str) -> str:
    """The name of a device in a sentence: "CPU" for ``cpu``, "CUDA:0" for ``cuda:0``."""
    return device.upper()


def grid_title(grid: Sequence[int]) -> str:
    """The number of cells of a map (h, w)."""
    return word("map.grid", rows=grid[0], columns=grid[1])


def map_detail(reading: Reading, choice: Choice) -> str:
    """What the name of a map leaves out: its grid, and what it shows at rest."""
    one = find_map(reading, choice.tap)
    return in_row(filter(None, [grid_title(one.grid), rest_title(one)]))


def rest_title(one: AttentionMap) -> str:
    """What a map shows at rest, in words; empty for a map that has nothing to choose or average."""
    if one.kind.stacked:
        return word(f"map.rest.{one.kind.part}", "map.rest.part", count=len(one.weights))
    if one.kind.compares:
        return word("map.rest.token") if has_token(one) else word("map.rest.patches")
    return ""


def attention_title(reading: Reading, choice: Choice | None, query: int | None = None) -> str:
    """The label of the map that enters the agreement: the one on the left pane, at rest or from the pinned patch."""
    if choice is None:
        return word("map.energy")
    one = find_map(reading, choice.tap)
    about = "" if one.kind.compares else rest_title(one)
    if query is not None:
        row, column = divmod(query, one.grid[1])
        about = word("map.from", row=row + 1, column=column + 1)
    return " · ".join(filter(None, [map_title(reading, choice), about]))


FAMILIES = ("gradients", "removal", "attention")
"""The families of methods, in the order of the pickers."""


def parameter_title(method: Method, parameter: Parameter) -> str:
    """A parameter's name in the chosen language."""
    return known(f"method.{method.slug}.{parameter.name}", parameter.title)


def method_title(method: Method) -> str:
    """A method's name in the chosen language."""
    return known(f"method.{method.slug}.title", method.title)


def class_titles(classes: Sequence[str]) -> tuple[str, ...]:
    """What classes are called on the page; those of the shipped data sets are translated, all of a model's or none.

    Only what is shown: addresses, exports and stored values keep the names of the model.
    """
    titles = tuple(takewhile(bool, (known(f"class.{one}", "") for one in classes)))
    return titles if len(titles) == len(classes) else tuple(classes)


def class_title(name: str, classes: Sequence[str]) -> str:
    """What one class, or another label, is called among these classes."""
    return dict(zip(classes, class_titles(classes), strict=True)).get(name) or known(f"class.{name}", name)


def sample_title(title: str) -> str:
    """What a sample is called on the page: its object, background, tag, task or photograph, each translated."""
    joint = next((one for one in (" · ", ", ") if one in title), "")
    return (mark(joint) if joint == ", " else joint).join(map(_shown, title.split(joint))) if joint else _shown(title)


def _shown(part: str) -> str:
    """One part of a sample's title."""
    if part.startswith(TAG_OF):
        return plain("sample.tag", name=_shown(part.removeprefix(TAG_OF)))
    task = next((one for one in TASKS if one.title.lower() == part), None)
    return say(task.title) if task else known(f"class.{part}", known(f"shown.{part}", part))


def contrast_title(classes: Sequence[str], found: Attribution) -> str:
    """The class that an attribution explains, and the class that it is compared with, if any."""
    target = classes[found.target]
    return target if found.contrast is None else plain("contrast.both", target=target, other=classes[found.contrast])


def evenness(values: np.ndarray) -> str:
    """Return a warning for a nearly uniform map, whose colors exaggerate small differences; else empty."""
    low, high = float(values.min()), float(values.max())
    if not low > EVEN * high > 0:
        return ""
    least, most = apart(low, high)
    return word("overlay.note.even", low=least, high=most)


def off_grid(one: AttentionMap, head: int | None) -> str:
    """How much of an attention is on tokens that no map shows, and which tokens they are; "" where there are none."""
    share = share_off_grid(one, head)
    if share is None:
        return ""
    counts = Counter((*one.prefix, *one.suffix))
    names = [
        plain(f"token.{name}", "token.other")
        if number == 1
        else plain(f"token.{name}.many", "token.others", count=number)
        for name, number in counts.items()
    ]
    key = "map.off_grid" if head is None else "map.off_grid.head"
    return word(key, share=percent(share, 0), names=listed(names))


def constancy(one: AttentionMap) -> str:
    """That a gate, or an attention pooling, is nearly constant, and between which weights."""
    sums = one.weights.sum(one.kind.cell_axes)
    sums_to_one = one.kind.on_picture and bool((np.abs(sums - 1) < 1e-3).all())
    low, high = apart(float(one.weights.min()), float(one.weights.max()))
    about = word("gate.constant.pool") if sums_to_one else word("gate.constant")
    return together(about, word("gate.constant.range", low=low, high=high))


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
    elif method.keeps_positive:
        why = plain("overlay.note.negative", target=target, method=method.title)
    else:
        why = plain(f"overlay.note.zero.{about}", target=target)
    return together(why, left)
