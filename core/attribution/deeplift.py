"""DeepLIFT: the change from the baseline b to the picture x, distributed layer by layer.

    multiplier of a nonlinear unit = (a(z) − a(z_b)) / (z − z_b)     in place of its gradient, in one backward pass
    values = sum over colors of (x − b) · product of the multipliers on the way

This is the rescale rule, with exact rules for max pooling and for products (see ``rescale``). Like Integrated
Gradients, it is complete: the values sum to F(x) − F(b), up to rounding. The ``gap`` measures the error; it is large if
a model uses operations without a rule, and then the method is not offered. Captum's DeepLIFT drops the rule for max
pooling directly after a ReLU, mixes overlapping windows, and does not support modules that run twice.
"""

from __future__ import annotations

import torch
from torch import Tensor

from core.attribution.baseline import BASELINE, absent
from core.attribution.batches import counted
from core.attribution.completeness import completeness_test
from core.attribution.gradient import leaf
from core.attribution.method import Method
from core.attribution.path import gap
from core.attribution.rescale import Rescaled
from core.classifier import Classifier, Question
from core.device import undisturbed
from core.types import Progress


def deeplift(
    classifier: Classifier, x: Tensor, target: Question, progress: Progress, *, baseline: str
) -> tuple[Tensor, float | None]:
    """Return the map (size, size) and its completeness gap."""
    b, picture = absent(classifier, x, baseline), leaf(x)
    score = counted(classifier, target, 2, progress)
    with undisturbed(), torch.enable_grad(), Rescaled() as rules:
        begin = score(leaf(b)).item()
        rules.turn()
        end = score(picture)
        (gradient,) = torch.autograd.grad(end.sum(), picture)
    values = (gradient * (x - b))[0].sum(0)
    return values, gap(values, end.item() - begin)


exact = completeness_test("deeplift", deeplift, baseline="mean-color")

DEEPLIFT = Method(
    slug="deeplift",
    title="DeepLIFT",
    summary="How much each pixel contributes to the change of the score from a baseline, in one backward pass.",
    equation="sum over colors of (x − b) · Π Δa/Δz",
    paper="Shrikumar, Greenside, Kundaje, Learning important features through propagating differences, ICML 2017",
    signed=True,
    compute=deeplift,
    parameters=(BASELINE,),
    fits=lambda classifier: exact(classifier) is not None,
    evaluations=lambda classifier, **_: 2,
    exact=exact,
    complete=True,
    needs="For this model, the values of the map must sum to the score within 5 % on test scenes.",
)
