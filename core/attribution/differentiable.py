"""Whether a gradient leads through a model, from its score to the picture."""

from __future__ import annotations

import torch

from core.attribution.memoize import memoize
from core.classifier import Classifier
from core.models.architecture import blank
from core.models.guard import pictures


@memoize
def differentiable(classifier: Classifier) -> bool:
    """Whether the score depends on the pixels by their gradient.

    It does not behind ``no_grad``, ``detach`` or an array, where there is no graph, nor behind a rounding, where the
    gradient is zero everywhere although two pictures have different scores. A model that gives every picture the same
    score says nothing against its gradient.
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
