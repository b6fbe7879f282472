"""Methods that need one gradient of the score F to the pixels x.

    saliency                  max over colours of |∂F/∂x|
    input × gradient          sum over colours of x · ∂F/∂x
    guided backpropagation    sum over colours of ∂F/∂x, where every ReLU passes positive gradients only

x is the normalised picture: its zero is the mean colour. The score F is the target's logit, before the softmax.
"""

from __future__ import annotations

import warnings

from captum.attr import GuidedBackprop, InputXGradient, Saliency
from torch import Tensor, nn

from core.attribution.batches import counted
from core.attribution.method import Method
from core.classifier import Classifier
from core.types import Progress

# Captum says at every call that it sets hooks and removes them. Said once here: a filter belongs to the whole process.
warnings.filterwarnings("ignore", message="Setting backward hooks on ReLU activations")


def leaf(x: Tensor) -> Tensor:
    """The same pixels as a leaf that gradients are taken to; ``x`` itself stays as it was."""
    return x.detach().requires_grad_()


def saliency(classifier: Classifier, x: Tensor, target: int, progress: Progress) -> tuple[Tensor, None]:
    """max over colours of |∂F/∂x|, (size, size)."""
    gradient = Saliency(counted(classifier, target, 1, progress)).attribute(leaf(x))
    return gradient[0].amax(0), None


def input_x_gradient(classifier: Classifier, x: Tensor, target: int, progress: Progress) -> tuple[Tensor, None]:
    """sum over colours of x · ∂F/∂x, (size, size)."""
    product = InputXGradient(counted(classifier, target, 1, progress)).attribute(leaf(x))
    return product[0].sum(0).detach(), None


def guided_backpropagation(classifier: Classifier, x: Tensor, target: int, progress: Progress) -> tuple[Tensor, None]:
    """sum over colours of the guided gradient, (size, size)."""
    gradient = GuidedBackprop(classifier.module).attribute(leaf(x), target=target)
    progress(1, 1)
    return gradient[0].sum(0), None


def has_relu(classifier: Classifier) -> bool:
    """Whether the model has a ReLU module, whose gradient can be guided."""
    return any(isinstance(module, nn.ReLU) for module in classifier.module.modules())


SALIENCY = Method(
    slug="saliency",
    title="Saliency",
    summary="How strongly the score would change if a pixel changed a little, in whichever direction.",
    equation="max over colours of |∂F/∂x|",
    paper="Simonyan, Vedaldi, Zisserman, Deep inside convolutional networks, ICLR workshop 2014",
    signed=False,
    compute=saliency,
)

INPUT_X_GRADIENT = Method(
    slug="input-x-gradient",
    title="Input × gradient",
    summary="How much each pixel would add to the score, or take from it, if the model were a straight line.",
    equation="sum over colours of x · ∂F/∂x",
    paper="Shrikumar et al., Not just a black box, 2016",
    signed=True,
    compute=input_x_gradient,
)

GUIDED_BACKPROPAGATION = Method(
    slug="guided-backpropagation",
    title="Guided backpropagation",
    summary="Sharp edges that excite the model; they hardly depend on the class, so read them with care.",
    equation="sum over colours of ∂F/∂x, every ReLU passing positive gradients only",
    paper="Springenberg et al., Striving for simplicity, ICLR workshop 2015; Adebayo et al., NeurIPS 2018",
    signed=True,
    compute=guided_backpropagation,
    fits=has_relu,
)
