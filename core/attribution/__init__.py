"""The table of contents of attribution: every method, in the order of the pickers, and the way to run one."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from core.attribution.batches import pace
from core.attribution.cam import GRAD_CAM
from core.attribution.gradient import GUIDED_BACKPROPAGATION, INPUT_X_GRADIENT, SALIENCY
from core.attribution.method import Method
from core.attribution.path import INTEGRATED_GRADIENTS, SMOOTHGRAD
from core.attribution.perturbation import OCCLUSION
from core.classifier import Classifier, Target
from core.types import Attribution, InvalidInput, Picture, Progress, frozen

METHODS: tuple[Method, ...] = (
    SALIENCY,
    INPUT_X_GRADIENT,
    INTEGRATED_GRADIENTS,
    SMOOTHGRAD,
    GRAD_CAM,
    GUIDED_BACKPROPAGATION,
    OCCLUSION,
)


def method(slug: str) -> Method:
    """The method of that slug; InvalidInput where there is none."""
    for one in METHODS:
        if one.slug == slug:
            return one
    raise InvalidInput(f"There is no method {slug!r}; choose one of {', '.join(m.slug for m in METHODS)}.")


def methods(classifier: Classifier) -> tuple[Method, ...]:
    """The methods that fit a classifier."""
    return tuple(one for one in METHODS if one.fits(classifier))


def attribute(
    classifier: Classifier,
    picture: Picture,
    slug: str,
    target: Target = None,
    *,
    progress: Progress | None = None,
    **parameters: Any,
) -> Attribution:
    """How much each cell moved the target's score (its logit), by the method of that slug.

    ``target`` is a class name or index, None the predicted class. ``parameters`` are the method's own; those not given
    have their defaults. ``progress(done, total)`` is called after each batch, in the worker's thread. The values are
    float32 (h, w), raw and signed, on the method's native grid over the model's square.

    Raises:
        InvalidInput: no such method, target or parameter, a value out of range, or a method that does not fit.
        Stopped: ``progress`` raised it. Nothing stays behind then.
    """
    if not isinstance(picture, Picture):
        raise InvalidInput("attribute takes a Picture; make one with open_image(path, bytes or array).")
    chosen = method(slug)
    settled = chosen.settle(classifier, parameters)
    known = None if target is None else classifier.target(target, np.empty(0))

    def job() -> Attribution:
        x = classifier.prepare(picture)
        with torch.no_grad():
            index = int(classifier.module(x)[0].argmax()) if known is None else known
        values, gap = chosen.compute(classifier, x, index, progress or quiet, **settled)
        return Attribution(frozen(values.float().cpu().numpy()), tuple(values.shape), gap, slug, index)

    return classifier.run(job)


def seconds(classifier: Classifier, slug: str, **parameters: Any) -> float:
    """About how long ``attribute`` will take; the first call for a classifier times it for a moment, on the worker."""
    chosen = method(slug)
    count = chosen.evaluations(classifier, **chosen.settle(classifier, parameters))
    return count * pace(classifier, chosen.gradient).seconds


def quiet(done: int, total: int) -> None:
    """The progress that nobody watches."""
