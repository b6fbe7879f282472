"""Methods that change the backward pass of ReLU; their maps show sharp edges and depend little on the class.

    gradient                  g · (z > 0)            the gradient that relu(z) passes back
    deconvolution             g · (g > 0)
    guided backpropagation    g · (z > 0) · (g > 0)
    guided Grad-CAM           guided backpropagation · Grad-CAM, enlarged to the picture

In a model with other rectifiers (GELU, Hardswish ...), the rule would apply to some layers only. Therefore, these
methods are offered only for models whose rectifiers are all ReLU modules (see ``rectifiers``). Adebayo et al., "Sanity
checks for saliency maps", NeurIPS 2018.
"""

from __future__ import annotations

import warnings

from torch import Tensor
from torch.nn import functional as F

from core.attribution.batches import CountedScore
from core.attribution.cam import STAGE, grad_cam
from core.attribution.gradient import leaf
from core.attribution.method import Method
from core.attribution.rectifiers import only_relu
from core.classifier import Classifier, Question
from core.device import undisturbed
from core.types import Progress

# Captum warns at every call that it sets hooks. The filter is set once, because it holds for the whole process.
warnings.filterwarnings("ignore", message="Setting backward hooks on ReLU activations")


def guided_backpropagation(
    classifier: Classifier, x: Tensor, target: Question, progress: Progress
) -> tuple[Tensor, None]:
    """Return the sum over colors of the guided gradient, (size, size)."""
    from captum.attr import GuidedBackprop

    with undisturbed():
        return GuidedBackprop(CountedScore(classifier, target, 1, progress)).attribute(leaf(x))[0].sum(0), None


def deconvolution(classifier: Classifier, x: Tensor, target: Question, progress: Progress) -> tuple[Tensor, None]:
    """Return the sum over colors of the deconvolved gradient, (size, size)."""
    from captum.attr import Deconvolution

    with undisturbed():
        return Deconvolution(CountedScore(classifier, target, 1, progress)).attribute(leaf(x))[0].sum(0), None


def guided_grad_cam(
    classifier: Classifier, x: Tensor, target: Question, progress: Progress, *, stage: str
) -> tuple[Tensor, None]:
    """Return the product (size, size); Grad-CAM of the named stage is interpolated bilinearly, as in the paper."""
    regions, _ = grad_cam(classifier, x, target, lambda done, _: progress(done, 2), stage=stage)
    edges, _ = guided_backpropagation(classifier, x, target, lambda done, _: progress(1 + done, 2))
    return edges * F.interpolate(regions[None, None], edges.shape, mode="bilinear")[0, 0], None


GUIDED_BACKPROPAGATION = Method(
    slug="guided-backpropagation",
    title="Guided backpropagation",
    summary="Sharp edges that activate the model. They hardly depend on the class, so interpret the map with caution.",
    equation="sum over colors of ∂F/∂x, every ReLU passing positive gradients only",
    paper="Springenberg et al., Striving for simplicity, ICLR workshop 2015; Adebayo et al., NeurIPS 2018",
    signed=True,
    compute=guided_backpropagation,
    fits=only_relu,
    one_sided=True,
    needs="ReLU must be the model's only activation function, because this method changes the gradient of ReLU only.",
)

DECONVOLUTION = Method(
    slug="deconvolution",
    title="Deconvolution",
    summary="The class score projected back to the pixels. The map shows mostly edges and hardly depends on the class.",
    equation="sum over colors of ∂F/∂x, every ReLU passing positive gradients only, regardless of its input",
    paper="Zeiler, Fergus, Visualizing and understanding convolutional networks, ECCV 2014",
    signed=True,
    compute=deconvolution,
    fits=only_relu,
    one_sided=True,
    needs="ReLU must be the model's only activation function, because this method changes the gradient of ReLU only.",
)

GUIDED_GRAD_CAM = Method(
    slug="guided-grad-cam",
    title="Guided Grad-CAM",
    summary="Guided backpropagation, restricted to the regions that Grad-CAM highlights.",
    equation="guided backpropagation · Grad-CAM",
    paper="Selvaraju et al., Grad-CAM, ICCV 2017",
    signed=True,
    compute=guided_grad_cam,
    parameters=(STAGE,),
    fits=lambda classifier: bool(classifier.stages) and only_relu(classifier),
    evaluations=lambda classifier, **_: 2,
    one_sided=True,
    needs="ReLU must be the model's only activation function, and one stage must have feature maps over the picture.",
)
