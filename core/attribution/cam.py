"""Grad-CAM: which cells of a feature map speak for the class.

    values = relu(Σ over channels c of w_c A_c),   w_c = mean over cells of ∂F/∂A_c

A (c, h, w) is what a stage gives out. As in the paper only evidence for the class is kept: where all of it is negative
the map is zero everywhere. The map stays on the stage's grid.
"""

from __future__ import annotations

from captum.attr import LayerGradCam
from torch import Tensor

from core.attention.tap import taps
from core.attribution.batches import counted
from core.attribution.method import Method, Parameter
from core.classifier import Classifier
from core.types import Kind, Progress


def grad_cam(classifier: Classifier, x: Tensor, target: int, progress: Progress, *, stage: str) -> tuple[Tensor, None]:
    """The map (h, w) on the grid of the named stage."""
    method = LayerGradCam(counted(classifier, target, 1, progress), classifier.stages[stage])
    return method.attribute(x.detach(), relu_attributions=True)[0, 0].detach(), None


def last_local_stage(classifier: Classifier) -> str:
    """The last stage that compares no patches with each other, else the last one.

    Behind a comparison every cell has seen the whole picture, and what speaks for the class lies nowhere any more.
    """
    kinds = (Kind.PAIRWISE, Kind.WINDOWED, Kind.SEQUENCE)
    local = [
        name for name, stage in classifier.stages.items() if not any(tap.kind in kinds for tap in taps(stage).values())
    ]
    return (local or list(classifier.stages))[-1]


GRAD_CAM = Method(
    slug="grad-cam",
    title="Grad-CAM",
    summary="The regions whose features speak for the class, coarse but easy to read.",
    equation="relu(Σ w A),  w = mean over cells of ∂F/∂A",
    paper="Selvaraju et al., Grad-CAM, ICCV 2017",
    signed=False,
    compute=grad_cam,
    parameters=(
        Parameter(
            name="stage",
            title="Stage",
            help="Which part of the model is asked: early stages see fine edges, late ones see things coarsely.",
            default=last_local_stage,
            choices=lambda classifier: tuple(classifier.stages),
        ),
    ),
    fits=lambda classifier: bool(classifier.stages),
)
