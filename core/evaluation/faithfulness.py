"""Faithfulness: how the prediction changes when the cells of a map are removed, or added to a blurred picture.

    deletion     the probability of the class while the cells of the map turn gray, the largest value first
    insertion    the same while they are added to the blurred picture

The area under a curve is its mean over the share of the picture, by the trapezoid rule: low is good for deletion, high
for insertion. Both, with the probability, are those of Petsiuk, Das, Saenko, "RISE: randomized input sampling for
explanation of black-box models", BMVC 2018. The paper removes pixels; here, the cells of ``erasure`` are removed, which
have the same size for all maps. A map is compared with three references that do not depend on the model: noise, a
center blob, and edges.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
import torch
from torch import Tensor

from core import checking
from core.attribution.baseline import absent
from core.attribution.batches import expect, learn, pace
from core.classifier import Classifier, Target, takes_classifier
from core.evaluation.agreement import Map, to_values
from core.evaluation.erasure import cells, rank, reach
from core.evaluation.sources import REFERENCES
from core.types import Attribution, Picture, Progress, frozen

CURVE_STEPS = 32
CURVES = "curves"
"""The name of a run for its time estimate."""


@dataclass(frozen=True, eq=False)
class Curves:
    """The probabilities (s + 1,) while a map's cells are removed and while they are added, from none to all."""

    deletion: np.ndarray
    insertion: np.ndarray
    deletion_area: float
    insertion_area: float

    @property
    def gain(self) -> float:
        """Insertion area − deletion area: larger is better."""
        return self.insertion_area - self.deletion_area


@dataclass(frozen=True, eq=False)
class Faithfulness:
    """The curves of a map for one ``target``, and those of three references; ``shares`` (s + 1,) of the picture."""

    target: int
    shares: np.ndarray
    map: Curves
    random: Curves
    blob: Curves
    edges: Curves


@takes_classifier
def faithfulness(
    classifier: Classifier,
    picture: Picture,
    map_: Map,
    target: Target = None,
    *,
    steps: int = CURVE_STEPS,
    seed: int = 0,
    progress: Progress | None = None,
) -> Faithfulness:
    """Deletion and insertion curves of a map and of the three references, in ``steps`` of equal share.

    ``target`` is a class name or index; None is the class that an Attribution was made for, else the predicted one.
    Tied cells are in a random order by ``seed``. ``progress(done, total)`` counts pictures.

    Raises:
        InvalidInput: a map that is not a finite (h, w) array, no such class, or steps out of range.
        Stopped: ``progress`` raised it.
    """
    checking.picture(picture, "faithfulness")
    side = cells(classifier)
    steps = checking.whole(steps, 1, side * side, "The number of steps")
    seed = checking.whole(seed, 0, None, "The seed")
    wanted = map_.target if target is None and isinstance(map_, Attribution) else target
    maps = {"map": to_values(map_), **{name: made(classifier, picture, 0, None) for name, made in REFERENCES.items()}}
    orders = {name: rank(one, side, seed) for name, one in maps.items()}

    def compute_curves() -> Faithfulness:
        x = classifier.prepare(picture)
        with torch.no_grad():
            index = classifier.target(wanted, classifier.answer(x)[0] if wanted is None else np.empty(0))
        expected, start = _estimate(classifier, steps), time.perf_counter()
        drawn = trace_curves(classifier, x, index, orders, steps, progress)
        learn(classifier, CURVES, expected, time.perf_counter() - start)
        return Faithfulness(index, frozen(shares(side, steps)), **drawn)

    return classifier.run(compute_curves)


def curve_seconds(classifier: Classifier, steps: int = CURVE_STEPS) -> float:
    """Estimate the seconds of ``faithfulness``; the first call for a classifier runs a short probe on the worker."""
    return expect(classifier, CURVES, _estimate(classifier, steps))


def _estimate(classifier: Classifier, steps: int) -> float:
    """The seconds of the model's passes: three pictures, and those of a map and of the references."""
    return pace(classifier).total(3 + 2 * (1 + len(REFERENCES)) * (steps - 1))


def counts(side: int, steps: int) -> np.ndarray:
    """The number of cells changed after each step, (s + 1,) int, from none to all."""
    return np.rint(np.linspace(0, side * side, steps + 1)).astype(int)


def shares(side: int, steps: int) -> np.ndarray:
    """The share of the picture that is changed after each step, (s + 1,)."""
    return counts(side, steps) / (side * side)


def trace_curves(
    classifier: Classifier,
    x: Tensor,
    target: int,
    orders: Mapping[str, np.ndarray],
    steps: int = CURVE_STEPS,
    progress: Progress | None = None,
) -> dict[str, Curves]:
    """The curves of several orders of the cells for a prepared picture; to be run inside a job of the worker.

    With no cell or all cells changed, all orders give the same picture: three pictures for all of them.
    """
    side, size, batch = cells(classifier), x.shape[-1], pace(classifier).size
    gray, blurred = (absent(classifier, x, name) for name in ("mean-color", "blurred"))
    ends = {"deletion": (x, gray), "insertion": (blurred, x)}
    inner = counts(side, steps)[1:-1]

    def pictures() -> Iterator[Tensor]:
        yield from (x, gray, blurred)
        for order in orders.values():
            for before, after in ends.values():
                for count in inner:
                    changed = torch.from_numpy(reach(order, count, side, size)).to(x.device)
                    yield torch.where(changed, after, before)

    stream, found, total = pictures(), [], 3 + 2 * len(orders) * len(inner)
    while some := list(islice(stream, batch)):
        with torch.no_grad():
            scores = classifier.answer(torch.cat(some).to(memory_format=torch.channels_last))
        found += classifier.probabilities(scores)[:, target].tolist()
        if progress:
            progress(len(found), total)
    whole, empty, faint = found[:3]
    between = np.array(found[3:]).reshape(len(orders), 2, len(inner))
    share = shares(side, steps)
    return {
        name: curves([whole, *deletion, empty], [faint, *insertion, whole], share)
        for name, (deletion, insertion) in zip(orders, between, strict=True)
    }


def curves(deletion: Sequence[float], insertion: Sequence[float], share: np.ndarray) -> Curves:
    """Both curves with the areas under them."""
    removed, inserted = (frozen(np.array(one, np.float32)) for one in (deletion, insertion))
    removed_area, inserted_area = (float(np.trapezoid(one, share)) for one in (deletion, insertion))
    return Curves(removed, inserted, removed_area, inserted_area)
