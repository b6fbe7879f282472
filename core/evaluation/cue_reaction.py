"""Cue reaction: which channels of a gate react to the cue of a task.

    difference = gate(the picture with its other cue) − gate(the picture)          over many pictures

Channel weights have no place on the picture, so no mask shows whether they are right. But a task can draw the same
picture with another cue: what differs then is the cue's doing alone. Each pair is put in one order, so that the
difference is always that of the same change: sun minus moon, or lower minus upper.
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
"""Pictures of validation to choose from."""


@dataclass(frozen=True, eq=False)
class CueReaction:
    """How the channels of one gate, the ``tap``, react when the ``first`` cue is replaced by the ``second``.

    ``mean`` and ``deviation`` (c,) are those of the difference over ``pictures``, ``deviation`` is that of a sample.
    ``agree`` (c,) is the share of the pictures in which the difference has the sign of its mean. ``first`` and
    ``second`` are what is drawn as cue; the same name where the cue moves or changes its color.
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
        """The mean in its own standard errors, (c,), as in Student's t; 0 where the gate never moves."""
        error = self.deviation / np.sqrt(self.pictures)
        limit = np.finfo(np.float32).eps * max(1.0, float(np.abs(self.mean).max()))
        return np.divide(self.mean, np.maximum(error, limit))

    @property
    def order(self) -> np.ndarray:
        """The channels (c,), the one whose difference is the largest ratio first."""
        return np.argsort(-np.abs(self.ratio), kind="stable")


def cue_pair(task: Task, seed: int) -> tuple[Layout, Layout]:
    """The picture of a seed with two cues, always in the same order: by the name, color and place of the cue."""
    own = task.compose(seed, None)
    other = task.compose(seed, next(one for one in own.answers if one != own.answer))
    pair = sorted((own, other), key=lambda one: _changed(one, other if one is own else own))
    return pair[0], pair[1]


def _changed(layout: Layout, other: Layout) -> list[tuple[str, str, float, float]]:
    """What is in a picture and not in the other, as it can be put in order; cues come first."""
    items = [one for one in layout.items if _appearance(one) not in map(_appearance, other.items)]
    cues = [one for one in items if one.role == CUE] or items
    return sorted(map(_appearance, cues))


def _appearance(item: Item) -> tuple[str, str, float, float]:
    return item.name, str(item.paint), item.at[1], item.at[0]


@takes_classifier
def cue_reactions(
    classifier: Classifier, task: Task, pairs: int = PAIRS, *, seed: int = 0, progress: Progress | None = None
) -> tuple[CueReaction, ...]:
    """How each channel gate of a model reacts to the cue, over pairs of validation pictures drawn with a ``seed``.

    A model without a gate of channels alone has none. ``progress(done, total)`` counts pairs.

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
    mean = rows.mean(0)
    agree = (np.sign(rows) == np.sign(mean)).mean(0)
    deviation = rows.std(0, ddof=1)
    return CueReaction(tap, frozen(mean), frozen(deviation), frozen(agree), len(rows), first, second)
