"""Cue reaction: the channels of a gate that react to the cue of a task.

    difference = gate(the picture with its other cue) − gate(the picture)          over many pictures

Channel weights have no position in the picture, so they cannot be compared with a mask. But the same picture can be
drawn with another cue, and then any difference is caused by the cue. Each pair is sorted, so that the difference always
has the same direction: sun minus moon. A cue that only moves, or changes its color, has no direction: a channel may
gain in one picture and lose in the next. Therefore the size of the difference counts then.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core import scenes
from core.classifier import Classifier, read, takes_classifier
from core.images import open_image
from core.tasks import CUE, Item, Layout, Task, draw_pixels
from core.types import InvalidInput, Progress, frozen

PAIRS = 50
VALIDATION = 2000
"""The number of validation pictures to choose from."""


@dataclass(frozen=True, eq=False)
class CueReaction:
    """The reaction of the channels of one gate, the ``tap``, when the ``first`` cue is replaced by the ``second``.

    ``mean`` and ``deviation`` (c,) are those of the difference over ``pictures``, ``deviation`` is that of a sample.
    ``agree`` (c,) is the share of the pictures in which the difference has the sign of its mean. ``first`` and
    ``second`` are the names of the cues; if they are equal, the cue only moves or changes its color, and ``mean`` and
    ``deviation`` are those of the absolute difference.
    """

    tap: str
    mean: np.ndarray
    deviation: np.ndarray
    agree: np.ndarray
    pictures: int
    first: str
    second: str

    @property
    def ratio(self) -> np.ndarray:
        """The mean divided by its standard error, (c,), as in Student's t; 0 for a channel that never changes."""
        error = self.deviation / np.sqrt(self.pictures)
        limit = np.finfo(np.float32).eps * max(1.0, float(np.abs(self.mean).max()))
        return np.divide(self.mean, np.maximum(error, limit))

    @property
    def directed(self) -> bool:
        """Whether the difference has a direction: from the first cue to the second."""
        return self.first != self.second

    @property
    def order(self) -> np.ndarray:
        """The channels (c,): the largest absolute ratio first, or without a direction the largest mean."""
        return np.argsort(-np.abs(self.ratio if self.directed else self.mean), kind="stable")


def cue_pair(task: Task, seed: int) -> tuple[Layout, Layout]:
    """Return the picture of a seed with two cues, sorted by the name, color and position of the cue."""
    own = task.compose(seed, None)
    other = task.compose(seed, next(one for one in own.answers if one != own.answer))
    pair = sorted((own, other), key=lambda one: _changed(one, other if one is own else own))
    return pair[0], pair[1]


def _changed(layout: Layout, other: Layout) -> list[tuple[str, str, float, float]]:
    """Return the items of a layout that differ from another layout, as sortable tuples; cues come first."""
    items = [one for one in layout.items if _appearance(one) not in map(_appearance, other.items)]
    cues = [one for one in items if one.role == CUE] or items
    return sorted(map(_appearance, cues))


def _appearance(item: Item) -> tuple[str, str, float, float]:
    return item.name, str(item.paint), item.at[1], item.at[0]


@takes_classifier
def cue_reactions(
    classifier: Classifier, task: Task, pairs: int = PAIRS, *, seed: int = 0, progress: Progress | None = None
) -> tuple[CueReaction, ...]:
    """Measure how each channel gate of a model reacts to the cue, over pairs of validation pictures drawn by ``seed``.

    Empty for a model without a channel gate. ``progress(done, total)`` counts pairs.

    Raises:
        InvalidInput: fewer than two pairs, which have no deviation.
        Stopped: ``progress`` raised it.
    """
    if pairs < 2:
        raise InvalidInput(
            "Give at least two pairs of pictures, because a standard deviation cannot be computed from one."
        )
    if all(tap.kind.on_picture for tap in classifier.taps.values()):
        return ()
    every = scenes.seeds("val", VALIDATION)
    chosen = np.random.default_rng(seed).permutation(len(every))[:pairs]
    found: dict[str, list[np.ndarray]] = {}
    for done, place in enumerate(chosen):
        first, second = (_gates(classifier, layout) for layout in cue_pair(task, every[int(place)]))
        for tap, weights in second.items():
            found.setdefault(tap, []).append(weights - first[tap])
        if progress:
            progress(done + 1, len(chosen))
    names = [_changed(*pair)[0][0] for pair in _both_ways(cue_pair(task, every[int(chosen[0])]))]
    return tuple(_summarize(tap, np.stack(rows), names[0], names[1]) for tap, rows in found.items())


def _both_ways(pair: tuple[Layout, Layout]) -> tuple[tuple[Layout, Layout], tuple[Layout, Layout]]:
    return (pair[0], pair[1]), (pair[1], pair[0])


def _gates(classifier: Classifier, layout: Layout) -> dict[str, np.ndarray]:
    """The weights (c,) of each channel gate, float64, by tap."""
    reading = read(classifier, open_image(draw_pixels(layout, classifier.card.size)))
    return {one.tap: one.weights.astype(np.float64) for one in reading.maps if not one.kind.on_picture}


def _summarize(tap: str, rows: np.ndarray, first: str, second: str) -> CueReaction:
    rows = rows if first != second else np.abs(rows)
    mean = rows.mean(0)
    agree = (np.sign(rows) == np.sign(mean)).mean(0)
    deviation = rows.std(0, ddof=1)
    return CueReaction(tap, frozen(mean), frozen(deviation), frozen(agree), len(rows), first, second)
