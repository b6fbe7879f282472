"""Grad-CAM: the contribution of each cell of a feature map to the class score.

    values = relu(Σ over channels c of w_c A_c),   w_c = mean over cells of ∂F/∂A_c

A (c, h, w) is the output of a stage. As in the paper, only positive evidence is kept: if all evidence is negative, the
map is zero everywhere. The map has the grid of the stage.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from core.attention.tap import taps
from core.attribution.batches import counted
from core.attribution.method import Method, Parameter
from core.classifier import Classifier, Question
from core.device import undisturbed
from core.models.limits import unreached
from core.models.stages import Stage, first_of, with_first
from core.types import Progress


def class_activation(stage: Stage, features: Tensor, gradients: Tensor) -> Tensor:
    """Return the map (h, w) of the first picture, with ``features`` and ``gradients`` in the layout of the stage."""
    return class_activations(stage, features, gradients)[0]


def class_activations(stage: Stage, features: Tensor, gradients: Tensor) -> Tensor:
    """Return the maps (b, h, w) of all pictures."""
    features, gradients = stage.arrange(features), stage.arrange(gradients)
    return (gradients.mean((2, 3), keepdim=True) * features).sum(1).relu()


def grad_cam(
    classifier: Classifier, x: Tensor, target: Question, progress: Progress, *, stage: str
) -> tuple[Tensor, None]:
    """Return the map (h, w) on the grid of the named stage.

    For a stage with output (b, c, h, w), the result equals Captum's ``LayerGradCam``; other layouts are rearranged.
    """
    place = classifier.stages[stage]
    with undisturbed(), torch.enable_grad(), detach_at(place) as kept:
        score = counted(classifier, target, 1, progress)(x.detach()).sum()
    (gradient,) = torch.autograd.grad(score, kept[0])
    return class_activation(place, kept[0].detach(), gradient), None


@contextmanager
def detach_at(place: Stage) -> Iterator[list[Tensor]]:
    """Start the graph at the output of a stage, which is yielded; no gradient flows to earlier layers."""
    kept: list[Tensor] = []

    def hold(module: nn.Module, inputs: tuple[Any, ...], y: Any) -> Any:
        kept.append(first_of(y).detach().requires_grad_(torch.is_grad_enabled()))
        return with_first(y, kept[0].clone())  # a copy, because later layers may work in place

    handle = place.module.register_forward_hook(hold)
    try:
        yield kept
    finally:
        handle.remove()


def last_local_stage(classifier: Classifier) -> str:
    """Return the last stage before all patches are compared with each other, or else the last stage.

    After global attention, every cell depends on the whole picture, so evidence has no position.
    """
    local = [
        name
        for name, stage in classifier.stages.items()
        if not any(tap.kind.mixes_all for tap in taps(stage.module).values())
    ]
    return (local or list(classifier.stages))[-1]


STAGE = Parameter(
    name="stage",
    title="Stage",
    help="The stage whose features are used: early stages detect fine edges, late stages whole objects.",
    default=last_local_stage,
    choices=lambda classifier: tuple(classifier.stages),
    remark=lambda classifier: unreached(classifier.found.notes),
)

GRAD_CAM = Method(
    slug="grad-cam",
    title="Grad-CAM",
    summary="The regions whose features support the class, coarse but easy to read.",
    equation="relu(Σ w A),  w = mean over cells of ∂F/∂A",
    paper="Selvaraju et al., Grad-CAM, ICCV 2017",
    signed=False,
    compute=grad_cam,
    parameters=(STAGE,),
    fits=lambda classifier: bool(classifier.stages),
    one_sided=True,
    shallow=True,
    in_panel=True,
    needs="At least one stage must have feature maps over the picture.",
)
