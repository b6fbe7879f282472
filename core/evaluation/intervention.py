"""Interventions: change the attention weights during a forward pass, and see whether the prediction changes.

    weights := change(weights)   at the named taps, right before the model multiplies by them

No attention (``OFF``) is one for a gate, zero for self-attention and 1/n for attention pooling and for a glimpse;
``off(head=2)`` applies to a single head, channel or glimpse. A gate that is off passes its channel unchanged: this
removes the attention, not the channel. Michel et al., "Are sixteen heads really better than one?", NeurIPS
2019, remove heads in this way; Jain, Wallace, "Attention is not explanation", NAACL 2019, shuffle the weights.
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
from core.classifier import Classifier, read, takes_classifier
from core.messages import Message
from core.types import AttentionMap, InvalidInput, Picture, Reading

UNIFORM: Steer = uniform
"""The same weight everywhere: 1/n for a softmax, the mean of the map for a gate."""
OFF: Steer = switched_off
"""No attention, as above."""
SHUFFLED = shuffled
"""``SHUFFLED(seed)``: the same weights in another order."""

Change = Steer | np.ndarray | AttentionMap


@dataclass(frozen=True)
class Off:
    """The steer that switches off the heads, channels or glimpses with these ``numbers`` and leaves the others."""

    part: str
    numbers: tuple[int, ...]

    def __call__(self, tap: Tap, weights: Tensor) -> Tensor:
        """The ``weights`` (b, ...) of a tap with the chosen parts off."""
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
        """InvalidInput if one of the numbers is not below ``count``."""
        checking.whole(max(self.numbers), 0, count - 1, f"The number of a {self.part}")


def off(**parts: int | Iterable[int]) -> Off:
    """No attention in one head, channel or glimpse of a tap, or in several: ``off(head=2)``, ``off(channel=range(8))``.

    The keyword is the name of the parts of the tap's kind.

    Raises:
        InvalidInput: not exactly one keyword is given, or numbers that are not integers from 0 on.
    """
    chosen = [(part, numbers) for part, numbers in parts.items() if numbers is not None]
    if len(chosen) != 1:
        raise InvalidInput("Switch off heads, channels or glimpses, one kind at a time. For a whole tap use OFF.")
    part, numbers = chosen[0]
    numbers = tuple(numbers) if isinstance(numbers, Iterable) else (numbers,)
    if not numbers:
        raise InvalidInput("Give the {part} to switch off as one or several whole numbers of at least 0.", part=part)
    return Off(part, tuple(checking.whole(number, 0, None, f"The number of a {part}") for number in numbers))


@takes_classifier
def intervene(classifier: Classifier, picture: Picture, changes: Mapping[str, Change]) -> Reading:
    """Read a picture with changed attention: ``{"stage3.attention": core.UNIFORM}``; other taps stay unchanged.

    A change is ``UNIFORM``, ``OFF``, ``SHUFFLED(seed)`` (by default with seed 0), ``off(...)``, a map of another
    picture from a tap of the same kind and shape, used unchanged, or a painted array: finite numbers from 0 on, in the
    shape of the tap's map, or in that of its grid (h, w), which then applies to every channel, glimpse, head and query
    (a class token or a register gets zero). A painted softmax map is divided by its sums, so that each of its rows sums
    to one; a row without paint stays zero and gathers nothing. In shifted windows, no change crosses from one piece of
    the picture to another. The reading's maps are the weights that the model multiplied by. The model itself stays
    unchanged.

    Raises:
        InvalidInput: no such tap, or a change of another kind or shape.
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

    def read_changed() -> Reading:
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
        # Without a checksum: maps of other pictures with unchanged attention are no reference for these.
        return replace(reading, maps=tuple(replace(one, model="") for one in reading.maps))

    return classifier.run(read_changed)


def weights_of(own: AttentionMap, tap: Tap, change: np.ndarray | AttentionMap) -> Tensor:
    """The weights to multiply by instead of the tap's ``own`` map, in its shape."""
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
        row = np.append(painted, np.float32(0))[own.cells][:, None, None]  # the last element is for padding
    return np.broadcast_to(row, own.weights.shape)


def normalized(painted: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
    """Each row divided by its sum; rows of zeros stay zero, but not all rows may be zero."""
    total = painted.sum(axes, keepdims=True)
    if not total.any():
        raise InvalidInput("Paint at least one cell, because these weights must sum to one.")
    return np.divide(painted, total, out=np.zeros_like(painted), where=total > 0)
