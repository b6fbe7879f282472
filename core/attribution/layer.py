"""Attribution to an attention map: the contribution of each of its weights to the score.

    layer gradient × activation     Σ W · ∂F/∂W
    layer Integrated Gradients      Σ (W − W₀) · mean over t in 0..1 of ∂F/∂W at W₀ + t (W − W₀)

W is the output of a tap. The picture stays the same, and only this map changes from W₀ (uniform, none, or the attention
for a baseline picture) to W, so the values of the second method sum to the change of the score. In self-attention, the
value of a cell is the sum over all heads and all queries; the share of a class token is not shown.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from core.attention.tap import Record, Tap, gradients, listen, steer, switched_off, uniform
from core.attribution.baseline import BASELINES, absent
from core.attribution.batches import counted, pace
from core.attribution.gradient import leaf
from core.attribution.method import Method, Parameter
from core.attribution.path import gap
from core.attribution.tap_layout import spatial_taps
from core.classifier import Classifier, Question
from core.types import Progress

STARTS = {"uniform": uniform, "off": switched_off}
"""The starting points W₀, in addition to the attention for a baseline picture."""


def lay(values: Tensor, record: Record) -> Tensor:
    """Sum the values of one picture's weights, in the shape of the weights, for each cell of the grid: (h, w)."""
    kind, cells = record.tap.kind, record.grid[0] * record.grid[1]
    if (places := record.cells) is not None:  # of windows
        keys = values.sum(kind.other_axes("window", "key"))
        grid = keys.new_zeros(cells + 1).index_add(0, places.flatten() % (cells + 1), keys.flatten())
        return grid[:cells].view(record.grid)  # the padding, -1, is the last element
    if kind.compares:
        return values.sum(kind.other_axes("key"))[len(record.tap.prefix) :][:cells].view(record.grid)
    others = kind.other_axes("row", "column")
    return values.sum(others) if others else values


def layer_gradient_x_activation(
    classifier: Classifier, x: Tensor, target: Question, progress: Progress, *, tap: str
) -> tuple[Tensor, None]:
    """Return the map (h, w) on the grid of the named tap."""
    with torch.enable_grad(), listen() as records:
        score = counted(classifier, target, 1, progress)(leaf(x))
    record = records[classifier.taps[tap]]
    (gradient,) = gradients(score, [record])
    return lay((record.weights * gradient)[0].detach(), record), None


def layer_integrated_gradients(
    classifier: Classifier, x: Tensor, target: Question, progress: Progress, *, tap: str, steps: int, start: str
) -> tuple[Tensor, float | None]:
    """Return the map (h, w) on the grid of the named tap, and its completeness gap, which includes the class token."""
    place = classifier.taps[tap]
    score = counted(classifier, target, steps + evaluations_of(start), progress)

    @torch.no_grad()
    def record_of(picture: Tensor) -> tuple[Record, float]:
        with listen() as records:
            answer = score(picture).item()
        return records[place], answer

    def moved(weights: Tensor) -> Tensor:
        def put(_: Tap, own: Tensor) -> Tensor:
            return weights[:, : own.shape[1]] if place.kind.growing else weights  # a film grows

        with steer(classifier.module, {tap: put}):
            return score(x.expand(len(weights), -1, -1, -1))

    record, end = record_of(x)
    whole = record.weights
    begin = STARTS[start](place, whole) if start in STARTS else record_of(absent(classifier, x, start))[0].weights
    nodes, shares = np.polynomial.legendre.leggauss(steps)
    axes = (-1, *[1] * (whole.ndim - 1))
    total, batch = torch.zeros_like(whole[0]), pace(classifier, gradient=True).size
    for part, share in zip(*(torch.tensor(one / 2).to(whole).split(batch) for one in (nodes, shares)), strict=True):
        weights = (begin + (part + 0.5).view(axes) * (whole - begin)).detach().requires_grad_()
        with torch.enable_grad():
            (gradient,) = torch.autograd.grad(moved(weights).sum(), weights)
        total += (share.view(axes) * gradient).sum(0)
    values = (whole - begin)[0] * total
    with torch.no_grad():
        change = end - moved(begin).item()
    return lay(values, record), gap(values, change)


def evaluations_of(start: str) -> int:
    """Return the number of pictures to evaluate in addition to the steps."""
    return 2 if start in STARTS else 3


TAP = Parameter(
    name="tap",
    title="Attention",
    help="The attention map to explain.",
    default=lambda classifier: spatial_taps(classifier)[-1],
    choices=spatial_taps,
)

LAYER_GRADIENT_X_ACTIVATION = Method(
    slug="layer-gradient-x-activation",
    title="Layer gradient × activation",
    summary="How far the score would fall without each weight of an attention map, estimated from the gradient.",
    equation="Σ over heads and queries of W · ∂F/∂W",
    paper="Shrikumar et al., Not just a black box, 2016, of a layer as in Captum (Kokhlikyan et al., 2020)",
    signed=True,
    compute=layer_gradient_x_activation,
    parameters=(TAP,),
    fits=lambda classifier: bool(spatial_taps(classifier)),
    needs="The model must have an attention map over the picture.",
    family="attention",
)

LAYER_INTEGRATED_GRADIENTS = Method(
    slug="layer-integrated-gradients",
    title="Layer Integrated Gradients",
    summary="How much each cell of an attention map raises the score on the way from uniform to actual attention.",
    equation="Σ over heads and queries of (W − W₀) · ∫₀¹ ∂F/∂W (W₀ + t (W − W₀)) dt",
    paper="Sundararajan, Taly, Yan, ICML 2017, of a layer as in Captum (Kokhlikyan et al., 2020)",
    signed=True,
    compute=layer_integrated_gradients,
    parameters=(
        TAP,
        Parameter(
            "steps",
            "Steps",
            "Number of steps from the starting point to the actual attention; more steps are more accurate.",
            20,
            5,
            200,
            5,
        ),
        Parameter(
            name="start",
            title="Starting point",
            help="The attention to start from: uniform, none, or the attention to a baseline picture.",
            default="uniform",
            choices=(*STARTS, *BASELINES),
        ),
    ),
    fits=lambda classifier: bool(spatial_taps(classifier)),
    evaluations=lambda classifier, steps, start, **_: steps + evaluations_of(start),
    complete=True,
    shallow=True,
    needs="The model must have an attention map over the picture.",
    family="attention",
)
