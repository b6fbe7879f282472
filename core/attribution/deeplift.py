"""DeepLIFT: what changed, layer by layer, between the picture x and the baseline b.

    multiplier of a nonlinear unit = (a(z) − a(z_b)) / (z − z_b)     in place of its gradient, in one backward pass
    values = sum over colours of (x − b) · product of the multipliers on the way

This is the rescale rule. Like Integrated Gradients it is complete: values add up to F(x) − F(b), where every unit has
one input. A product of two activations has two, so a gate breaks it, and so does what Captum has no rule for. The
``gap`` says how far; the method is offered where it is small. Captum refuses modules that run twice in one pass.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from captum.attr import DeepLift
from torch import Tensor, nn

from core.attribution.baseline import BASELINE, absent
from core.attribution.batches import Asked
from core.attribution.exactness import tried
from core.attribution.gradient import leaf
from core.attribution.method import Method
from core.attribution.path import completeness_gap
from core.classifier import Classifier, Question
from core.types import Progress

# As for guided backpropagation: Captum says at every call that it sets hooks and removes them.
warnings.filterwarnings("ignore", message=r"\s*Setting forward, backward hooks and attributes on non-linear")


@contextmanager
def tidied(module: nn.Module) -> Iterator[None]:
    """Take away what is noted down on a module or its children meanwhile: Captum leaves it there when a pass ends."""
    before = {child: set(vars(child)) for child in module.modules()}
    try:
        yield
    finally:
        for child, names in before.items():
            for name in set(vars(child)) - names:
                delattr(child, name)


def deeplift(
    classifier: Classifier, x: Tensor, target: Question, progress: Progress, *, baseline: str
) -> tuple[Tensor, float]:
    """The map (size, size) and its completeness gap."""
    start = absent(classifier, x, baseline)
    with tidied(classifier.module):
        values = DeepLift(Asked(classifier, target, 2, progress)).attribute(leaf(x), start).detach()
    return values[0].sum(0), completeness_gap(classifier, x, start, target, values)


exact = tried("deeplift", deeplift, baseline="mean-colour")

DEEPLIFT = Method(
    slug="deeplift",
    title="DeepLIFT",
    summary="How much of the change from a baseline to this picture each pixel brought about, in one backward pass.",
    equation="sum over colours of (x − b) · Π Δa/Δz",
    paper="Shrikumar, Greenside, Kundaje, Learning important features through propagating differences, ICML 2017",
    signed=True,
    compute=deeplift,
    parameters=(BASELINE,),
    fits=lambda classifier: exact(classifier) is not None,
    evaluations=lambda classifier, **_: 4,
    exact=exact,
    needs="What it hands out must add up to the score within 5 %, on scenes that are drawn to try it.",
)
