"""Checks of one map: guarantees of its method, dependence on class and weights, and a comparison with references.

    rows        the rows of a softmax sum to one, within ROW_TOLERANCE      value: the largest error
    complete    the values add up to the score's change, to MAX_GAP         value: the completeness gap
    target      the map for the most likely other class differs             value: their rank correlation
    weights     the map of the model with new random weights differs        value: their rank correlation
    blob        the map's gain is larger than that of a center blob         value: the difference
    edges       the map's gain is larger than that of the picture's edges   value: the difference

Passing them does not make a map an explanation; a failed check is a reason not to use it as one. The gain is that of
``faithfulness``; ``target`` and ``weights`` are of Adebayo et al., "Sanity checks for saliency maps", NeurIPS 2018.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from core import attribution as attributions
from core.attention.reduction import to_grid
from core.attribution.completeness import MAX_GAP
from core.classifier import Classifier, Target, read, takes_classifier
from core.evaluation.agreement import to_values
from core.evaluation.faithfulness import curve_seconds, faithfulness
from core.evaluation.grids import is_constant
from core.evaluation.randomization import INSENSITIVE, map_correlation, reinitialize, weight_groups
from core.evaluation.sources import ATTENTION_PREFIX, map_source
from core.types import AttentionMap, Attribution, InvalidInput, Picture, Progress

ROW_TOLERANCE = 1e-3
SAME_MAP = 0.95
"""Maps for two classes with at least this rank correlation count as the same."""


@dataclass(frozen=True)
class Check:
    """One check by its ``slug``; ``passed`` and ``value`` are None if it does not apply to this map."""

    slug: str
    passed: bool | None
    value: float | None


@takes_classifier
def check(
    classifier: Classifier,
    picture: Picture,
    map_: Attribution | AttentionMap,
    target: Target = None,
    *,
    seed: int = 0,
    progress: Progress | None = None,
    **parameters: Any,
) -> tuple[Check, ...]:
    """The six checks of a map of this picture, in the order above.

    An attribution is computed again for another class and with other weights, so give the ``parameters`` that it was
    made with. For an AttentionMap they are the ``head`` and the ``query`` of ``to_grid``; all its rows are checked.
    ``target`` is a class name or index; None is the class of an Attribution, else the predicted one. ``seed`` is that
    of the new weights. ``progress(done, total)`` counts the three long checks, and is called within them.

    Raises:
        InvalidInput: no such method, class or parameter, head or query, or a CHANNEL map, which has no position in the
            picture.
        Stopped: ``progress`` raised it.
    """
    if not isinstance(map_, Attribution | AttentionMap) or getattr(map_, "contrast", None) is not None:
        raise InvalidInput("check takes an Attribution of one class, or an AttentionMap of a reading.")
    if isinstance(map_, Attribution):
        made, own = map_source(classifier, map_.method, **parameters), to_values(map_)
        target = map_.target if target is None else target
    else:
        made, own = (
            map_source(classifier, ATTENTION_PREFIX + map_.tap, **parameters),
            to_values(to_grid(map_, **parameters)),
        )
    logits, done = read(classifier, picture).logits, 0
    index = classifier.target(target, logits)
    other = next((int(place) for place in np.argsort(-logits, kind="stable") if place != index), None)

    def report(*_: int) -> None:
        if progress:
            progress(done, 3)

    found = [rows(classifier, map_), gap(map_)]
    if other is None:  # a model of one class
        found.append(Check("target", None, None))
    else:
        found.append(differs("target", own, made(classifier, picture, other, report), SAME_MAP, signed=True))
    done = 1
    if weight_groups(classifier):
        found.append(differs("weights", own, made(reinitialize(classifier, seed), picture, index, report), INSENSITIVE))
    else:  # a model without weights
        found.append(Check("weights", None, None))
    done = 2
    found += beats(classifier, picture, own, index, report)
    done = 3
    report()
    return tuple(found)


def check_seconds(classifier: Classifier, map_: Attribution | AttentionMap, **parameters: Any) -> float:
    """Estimate the seconds of ``check``: an attribution for another class and with other weights, and the curves."""
    if not isinstance(map_, Attribution):
        return curve_seconds(classifier)
    times = 1 + bool(weight_groups(classifier))
    return times * attributions.seconds(classifier, map_.method, **parameters) + curve_seconds(classifier)


def rows(classifier: Classifier, map_: Attribution | AttentionMap) -> Check:
    """Whether each row of a softmax sums to one; the rows of a rollout do if those of its layers do."""
    tap = classifier.taps.get(map_.tap) if isinstance(map_, AttentionMap) else None
    if isinstance(map_, Attribution) or (tap is not None and not tap.softmax):
        return Check("rows", None, None)
    value = float(np.abs(map_.weights.sum(map_.kind.cell_axes, dtype=np.float64) - 1).max())
    return Check("rows", value <= ROW_TOLERANCE, value)


def gap(map_: Attribution | AttentionMap) -> Check:
    """Whether the map of a method that should be complete is so; undefined if the score hardly changes."""
    value = getattr(map_, "gap", None)
    return Check("complete", None if value is None else value <= MAX_GAP, value)


def beats(
    classifier: Classifier, picture: Picture, own: np.ndarray, target: int, progress: Progress
) -> tuple[Check, Check]:
    """Whether a map is better than the blob and the edges; undefined for a constant map."""
    if is_constant(own):
        return Check("blob", None, None), Check("edges", None, None)
    curves = faithfulness(classifier, picture, own, target, progress=progress)
    blob, edges = (curves.map.gain - one.gain for one in (curves.blob, curves.edges))
    return Check("blob", blob > 0, blob), Check("edges", edges > 0, edges)


def differs(slug: str, own: np.ndarray, other: np.ndarray, limit: float, signed: bool = False) -> Check:
    """Whether two maps correlate by less than the limit; undefined if one is constant."""
    value = map_correlation(own, other, signed)
    return Check(slug, None if value is None else value < limit, value)
