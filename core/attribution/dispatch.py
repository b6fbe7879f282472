"""Run an attribution method by its slug, for one class or for the comparison of two classes."""

from __future__ import annotations

import time
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from core import checking
from core.attribution.batches import expect, is_paced, learn, pace
from core.attribution.catalog import method
from core.attribution.completeness import is_complete
from core.attribution.deeplift import DEEPLIFT
from core.attribution.differentiable import differentiable
from core.attribution.lrp import LRP
from core.attribution.method import Method
from core.classifier import Classifier, Target, takes_classifier
from core.types import Attribution, InvalidInput, Picture, Progress, frozen


def complete_methods(classifier: Classifier) -> dict[str, bool | None]:
    """Test each method that should be complete on this model: results by slug, without those stored on the card.

    A result is None if the method cannot run. The test takes seconds (``core.attribution.completeness``).
    """

    def probe_completeness(one: Method) -> bool | None:
        if not differentiable(classifier):
            return None
        parameters: dict[str, Any] = {part.name: part.initial(classifier) for part in one.parameters}
        return is_complete(classifier, one.compute, **parameters)

    return {one.slug: classifier.run(partial(probe_completeness, one)) for one in (DEEPLIFT, LRP)}


@takes_classifier
def attribute(
    classifier: Classifier,
    picture: Picture,
    slug: str,
    target: Target = None,
    *,
    contrast: Target = None,
    progress: Progress | None = None,
    **parameters: Any,
) -> Attribution:
    """Compute the contribution of each cell to the target's score with the method of that slug.

    ``target`` is a class name or index, None the predicted class. The score is the model's output for the target. With
    a ``contrast``, another class, it is the difference of both logits, and the values are always signed. ``parameters``
    are those of the method, each with a default. ``progress(done, total)`` is called after each batch, in the worker's
    thread. The values are float32 (h, w), raw and signed, on the method's native grid over the model's square.

    Raises:
        InvalidInput: no such method, target or parameter, a value out of range, a method that the model does not
            support, or one that cannot compare two classes; or the model's output, or the map, is not finite.
        Stopped: ``progress`` raised it. No hooks are left on the model.
    """
    checking.picture(picture, "attribute")
    chosen = method(slug)
    settled = chosen.settle(classifier, parameters)
    known, against = (None if one is None else classifier.target(one, np.empty(0)) for one in (target, contrast))
    if against is not None and not chosen.contrasts:
        raise InvalidInput(
            "{method} does not separate positive from negative evidence, so it cannot compare two classes. "
            "Choose another method.",
            method=chosen.title,
        )

    def compute_map() -> Attribution:
        # before the run, so that its time does not include the probe
        paced, start = is_paced(classifier), time.perf_counter()
        x = classifier.prepare(picture)
        with torch.no_grad():
            index = int(classifier.answer(x)[0].argmax()) if known is None else known
        if against is None:
            values, gap = chosen.compute(classifier, x, index, progress or quiet, **settled)
        else:
            values, gap = contrast_classes(classifier, chosen, x, (index, against), progress or quiet, settled)
        if not bool(values.isfinite().all()):
            raise InvalidInput(
                "The {method} map of {picture} is not finite, because its values exceed single precision. Choose "
                "another method.",
                method=chosen.title,
                picture=picture.name,
            )
        if paced and against is None:
            learn(classifier, slug, _estimate(classifier, chosen, settled), time.perf_counter() - start)
        shown, grid = frozen(values.float().cpu().numpy()), (values.shape[0], values.shape[1])
        return Attribution(shown, grid, gap, slug, index, against, classifier.checksum, tuple(settled.items()))

    return classifier.run(compute_map)


def contrast_classes(
    classifier: Classifier,
    chosen: Method,
    x: Tensor,
    pair: tuple[int, int],
    progress: Progress,
    settled: dict[str, Any],
) -> tuple[Tensor, float | None]:
    """Compare two classes: positive values support the first class more than the second, negative values the reverse.

    A method that keeps only positive evidence runs twice, once for each order.
    """
    if pair[0] == pair[1]:
        raise InvalidInput(
            "Both classes are {name}. Choose another class to compare with.", name=classifier.card.classes[pair[0]]
        )
    if not chosen.one_sided:
        return chosen.compute(classifier, x, pair, progress, **settled)
    supporting, _ = chosen.compute(classifier, x, pair, lambda done, total: progress(done, 2 * total), **settled)
    reverse = pair[::-1], lambda done, total: progress(total + done, 2 * total)
    return supporting - chosen.compute(classifier, x, *reverse, **settled)[0], None


def seconds(classifier: Classifier, slug: str, **parameters: Any) -> float:
    """Estimate the seconds that ``attribute`` takes.

    The first call for a classifier runs a short probe; later calls use the time of earlier runs.
    """
    chosen = method(slug)
    return expect(classifier, slug, _estimate(classifier, chosen, chosen.settle(classifier, parameters)))


def _estimate(classifier: Classifier, chosen: Method, settled: dict[str, Any]) -> float:
    """Return the seconds of the model's passes: those of the method, and one to find the predicted class."""
    count, forward = chosen.evaluations(classifier, **settled), pace(classifier)
    own = pace(classifier, True) if chosen.gradient and not chosen.shallow else forward
    return own.total(count) + max(forward.alone, forward.seconds)


def quiet(done: int, total: int) -> None:
    """Ignore progress."""
