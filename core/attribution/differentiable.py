"""Test whether the score of a model has a gradient with respect to the picture."""

from __future__ import annotations

import torch

from core.attribution.memoize import memoize
from core.classifier import Classifier
from core.models.adopting.guard import pictures
from core.models.architecture import blank


@memoize
def differentiable(classifier: Classifier) -> bool:
    """Return whether the score has a usable gradient with respect to the pixels.

    There is no graph after ``no_grad``, ``detach`` or a conversion to an array. After rounding, the gradient is zero
    everywhere although two pictures have different scores. A model with the same score for every picture counts as
    differentiable.
    """
    x = pictures(classifier.card, classifier.device).to(blank(classifier.module, 1).dtype).requires_grad_()
    try:
        with torch.enable_grad():
            scores = classifier.scores(x)
            # not the sum of all scores: the gradients of probabilities cancel out
            weights = torch.linspace(1, 2, scores.shape[1]).to(scores)
            (gradient,) = torch.autograd.grad((scores * weights).sum(), x, allow_unused=True)
    except RuntimeError:  # no graph at all
        return False
    if gradient is None:
        return False
    return bool(gradient.any()) or torch.equal(scores[0], scores[1])
