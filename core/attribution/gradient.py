"""Methods that need one gradient of the score F with respect to the pixels x.

    saliency            max over colors of |∂F/∂x|
    input × gradient    sum over colors of x · ∂F/∂x

x is the normalized picture: its zero is the mean color. The score F is the target's logit, before the softmax.
"""

from __future__ import annotations

from torch import Tensor

from core.attribution.batches import counted
from core.attribution.method import Method
from core.classifier import Classifier, Question
from core.types import Progress


def leaf(x: Tensor) -> Tensor:
    """Return a copy of the pixels as a leaf tensor that requires gradients; ``x`` stays unchanged."""
    return x.detach().requires_grad_()


def saliency(classifier: Classifier, x: Tensor, target: Question, progress: Progress) -> tuple[Tensor, None]:
    """Return max over colors of |∂F/∂x|, (size, size)."""
    from captum.attr import Saliency

    gradient = Saliency(counted(classifier, target, 1, progress)).attribute(leaf(x))
    return gradient[0].amax(0), None


def input_x_gradient(classifier: Classifier, x: Tensor, target: Question, progress: Progress) -> tuple[Tensor, None]:
    """Return sum over colors of x · ∂F/∂x, (size, size)."""
    from captum.attr import InputXGradient

    product = InputXGradient(counted(classifier, target, 1, progress)).attribute(leaf(x))
    return product[0].sum(0).detach(), None


SALIENCY = Method(
    slug="saliency",
    title="Saliency",
    summary="How strongly the score changes when a pixel changes a little, in either direction.",
    equation="max over colors of |∂F/∂x|",
    paper="Simonyan, Vedaldi, Zisserman, Deep inside convolutional networks, ICLR workshop 2014",
    signed=False,
    compute=saliency,
    in_panel=True,
)

INPUT_X_GRADIENT = Method(
    slug="input-x-gradient",
    title="Input × gradient",
    summary="How much each pixel would raise or lower the score if the model were linear.",
    equation="sum over colors of x · ∂F/∂x",
    paper="Shrikumar et al., Not just a black box, 2016",
    signed=True,
    compute=input_x_gradient,
    in_panel=True,
)
