"""Test whether the score of a model has a gradient to the picture."""

from __future__ import annotations

import torch

from core.attribution.memoize import memoize
from core.classifier import Classifier
from core.models.architecture import blank
from core.models.guard import pictures


@memoize
def differentiable(classifier: Classifier) -> bool:
    """Whether the score has a usable gradient to the pixels.

    It has none after ``no_grad``, ``detach`` or an array, where there is no graph, nor after a rounding, where the
    gradient is zero everywhere although two pictures have different scores. A model that gives every picture the same
    score counts as differentiable.
    """
    x = pictures(classifier.card, classifier.device).to(blank(classifier.module, 1).dtype).requires_grad_()
    try:
        with torch.enable_grad():
            scores = classifier.scores(x)
            weights = torch.linspace(1, 2, scores.shape[1]).to(scores)  # the gradients of probabilities cancel out
            (gradient,) = torch.autograd.grad((scores * weights).sum(), x, allow_unused=True)
    except RuntimeError:  # no graph at all
        return False
    if gradient is None:
        return False
    return bool(gradient.any()) or torch.equal(scores[0], scores[1])
