"""Intervene: change what the taps let through while the model reads a picture, and see whether the answer moves.

    weights := change(weights)   right before they are multiplied, at the taps that are named

No attention (``OFF``) is one for a gate, zero for self-attention and 1/n for attention pooling and for a glimpse;
``off(head=2)`` says so of one head, channel or glimpse alone. A gate that is off lets its channel pass as it is: what
is taken away is the attention, not the channel. Michel et al., "Are sixteen heads really better than one?", NeurIPS
2019, take heads away like this; Jain, Wallace, "Attention is not explanation", NAACL 2019, shuffle the weights.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from core import checking
from core.attention.reduction import patches
from core.attention.tap import Steer, Tap, replaced, shuffled, steer, switched_off, uniform
from core.classifier import Classifier, read
from core.messages import Message
from core.types import AttentionMap, InvalidInput, Picture, Reading

UNIFORM: Steer = uniform
"""The same weight everywhere: 1/n for a softmax, the map's own mean for a gate."""
OFF: Steer = switched_off
"""No attention, as above."""
SHUFFLED = shuffled
"""``SHUFFLED(seed)``: the same weights in other places."""

Change = Steer | np.ndarray | AttentionMap


@dataclass(frozen=True)
class Off:
    """The steer that switches off the heads, channels or glimpses of these ``numbers`` and leaves the others."""

    part: str
    numbers: tuple[int, ...]

    def __call__(self, tap: Tap, weights: Tensor) -> Tensor:
        part, axis = tap.kind.part, tap.kind.part_axis
        if part != self.part:
            if not part:
                raise InvalidInput("This tap has no {part}. Switch off the whole tap instead.", part=self.part)
            raise InvalidInput("This tap has no {part}. Switch off a {other} instead.", part=self.part, other=part)
        count = weights.shape[axis + 1]
        if not tap.kind.growing:  # a film is still growing
            self.check(count)
        place = (slice(None),) * (axis + 1) + ([number for number in self.numbers if number < count],)
        steered = weights.clone()
        steered[place] = switched_off(tap, weights)[place]
        return steered

    def check(self, count: int) -> None:
        """InvalidInput where one of the numbers is not among ``count``."""
        checking.whole(max(self.numbers), 0, count - 1, f"The number of a {self.part}")


def off(**parts: int | Iterable[int]) -> Off:
    """No attention in one head, channel or glimpse of a tap, or in several: ``off(head=2)``, ``off(channel=range(8))``.

    The keyword is what the tap's kind calls its parts.

    Raises:
        InvalidInput: not exactly one keyword is given, or something else than whole numbers from 0 on.
    """
    chosen = [(part, numbers) for part, numbers in parts.items() if numbers is not None]
    if len(chosen) != 1:
        raise InvalidInput("Switch off heads, channels or glimpses, one kind at a time. For a whole tap use OFF.")
    part, numbers = chosen[0]
    numbers = tuple(numbers) if isinstance(numbers, Iterable) else (numbers,)
    if not numbers:
        raise InvalidInput("Give the {part} to switch off as a whole number from 0 on, or as several.", part=part)
    return Off(part, tuple(checking.whole(number, 0, None, f"The number of a {part}") for number in numbers))


def intervene(classifier: Classifier, picture: Picture, changes: Mapping[str, Change]) -> Reading:
    """Read a picture with the attention changed: ``{"stage3.attention": core.UNIFORM}``; other taps stay as they are.

    A change is ``UNIFORM``, ``OFF``, ``SHUFFLED(seed)``, with seed 0 where none is given, ``off(...)``, another
    picture's map of a tap of the same kind and shape, taken as it is, or an array painted by hand: finite numbers from
    0 on, in the shape of the tap's map, or in that of its grid (h, w), which then stands for every channel, glimpse,
    head and query (a class token or a register gets nothing). A painted softmax map is divided by its sums, so that
    each of its rows sums to one; a row in which nothing is painted stays zero and gathers nothing. In shifted windows
    no change crosses from one piece of the picture to another. The reading's maps are what the model then multiplied
    with. Nothing stays behind: the next reading is the first one again.

    Raises:
        InvalidInput: no such tap, or a change that does not fit it.
    """
    checking.picture(picture, "intervene")
    if not isinstance(changes, Mapping):
        raise InvalidInput("intervene takes a dict from names of taps to changes, such as dict(stage4=core.UNIFORM).")
    changes = {
        name: SHUFFLED(0) if change is SHUFFLED else change  # type: ignore[comparison-overlap]  # it may lack its seed
        for name, change in changes.items()
    }
    unknown = [name for name in changes if name not in classifier.taps]
    if unknown:
        raise InvalidInput(
            "{model} has no tap '{name}'. It has: {taps}.",
            model=classifier.card.slug,
            name=unknown[0],
            taps=[*classifier.taps] or [Message("none")],
        )

    def job() -> Reading:
        given = any(not callable(change) for change in changes.values())
        own = {one.tap: one for one in read(classifier, picture).maps} if given else {}
        steers = {
            name: change if callable(change) else replaced(weights_of(own[name], classifier.taps[name], change))
            for name, change in changes.items()
        }
        with steer(classifier.module, steers):
            reading = read(classifier, picture)
        films = {one.tap: len(one.weights) for one in reading.maps if one.kind.growing}
        for name, change in changes.items():
            if isinstance(change, Off) and name in films:
                change.check(films[name])
        # Maps of other pictures, whose attention was not changed, say nothing of these.
        return replace(reading, maps=tuple(replace(one, model="") for one in reading.maps))

    return classifier.run(job)


def weights_of(own: AttentionMap, tap: Tap, change: np.ndarray | AttentionMap) -> Tensor:
    """What to multiply with instead of the tap's ``own`` map, in its shape."""
    if isinstance(change, AttentionMap):
        if change.kind != own.kind or change.weights.shape != own.weights.shape:
            raise InvalidInput(
                "{tap} takes a map of kind {kind} and shape {shape}, not of kind {other_kind} and shape {other_shape}. "
                "Give one of the same tap.",
                tap=own.tap,
                kind=own.kind,
                shape=own.weights.shape,
                other_kind=change.kind,
                other_shape=change.weights.shape,
            )
        return torch.tensor(change.weights)
    try:
        painted = np.array(change, np.float32)
    except (TypeError, ValueError) as error:
        raise InvalidInput("Change a tap with UNIFORM, OFF, SHUFFLED(seed), off(...), an array or a map.") from error
    if not np.isfinite(painted).all() or painted.min(initial=0) < 0:
        raise InvalidInput("Painted attention must be finite and not negative.")
    if painted.shape != own.weights.shape:
        painted = spread(own, painted)
    if tap.softmax:
        painted = normalized(painted, own.kind.cell_axes)
    return torch.from_numpy(np.ascontiguousarray(painted))


def spread(own: AttentionMap, painted: np.ndarray) -> np.ndarray:
    """A map painted on the grid (h, w), for every channel, glimpse, head and query of the tap."""
    if not own.kind.on_picture or painted.shape != own.grid:
        shapes = dict.fromkeys([own.weights.shape] + [own.grid] * own.kind.on_picture)
        raise InvalidInput(
            "{tap} takes weights of shape {shapes}, not {shape}.", tap=own.tap, shapes=[*shapes], shape=painted.shape
        )
    row = painted
    if own.kind.compares_all:
        row = np.zeros(own.weights.shape[-1], np.float32)
        row[patches(own)] = painted.ravel()
    elif own.kind.windowed:
        row = np.append(painted, np.float32(0))[own.cells][:, None, None]  # the last one is the padding's
    return np.broadcast_to(row, own.weights.shape)


def normalized(painted: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
    """Each row over its sum; one of zeros stays zero, but not all of them."""
    total = painted.sum(axes, keepdims=True)
    if not total.any():
        raise InvalidInput("Paint at least one cell, because these weights must sum to one.")
    return np.divide(painted, total, out=np.zeros_like(painted), where=total > 0)
