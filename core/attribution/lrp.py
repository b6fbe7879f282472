"""Layer-wise relevance propagation: the score is distributed, layer by layer, over the inputs that produced it.

    convolution   R_i = Σ_j (x_i w_ij)⁺ / Σ_k (x_k w_kj)⁺ · R_j       by positive contributions only (α = 1, β = 0)
    linear layer  R_i = Σ_j x_i w_ij / z_j · R_j                      by all contributions
    one by one    R_i = R_i                                           normalization, GELU and the like
    gate, softmax all to the weighted values, nothing to the weights

Bach et al., PLoS ONE 2015; the combination of rules follows Kohlbrenner et al., "Towards best practice in explaining
neural network decisions with LRP", IJCNN 2020; attention weights count as constants, as in Arras et al., WASSA 2017,
and Ali et al., ICML 2022. A BatchNorm after a convolution is merged into it. Captum's LRP supports neither residual
connections nor gates, so it is implemented here: each rule is a layer with the same output, whose gradient times its
input is R.

The relevances sum to the score itself, not to its change from a baseline. ``gap`` is the missing part: biases of linear
layers, outputs without positive contributions, and layers without a rule (products of an LSTM). The method is offered
if the gap is small.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from core.attention.tap import steer
from core.attribution.batches import counted
from core.attribution.completeness import completeness_test
from core.attribution.gradient import leaf
from core.attribution.memoize import memoize
from core.attribution.method import Method
from core.attribution.path import gap
from core.classifier import Classifier, Question
from core.device import undisturbed
from core.models.architecture import blank
from core.types import Progress

NORMS = (nn.BatchNorm2d, nn.LayerNorm, nn.GroupNorm)
CURVES = (nn.GELU, nn.SiLU, nn.Mish, nn.Hardswish, nn.ReLU6, nn.LeakyReLU, nn.ELU)
"""Layers that are elementwise, or nearly so, and pass relevance on unchanged. ReLU needs no rule."""
TINY = 1e-9


def same(z: Tensor, y: Tensor) -> Tensor:
    """Return the values of ``y`` with the gradient of ``z`` times y / z: the parts of z share relevance in proportion.

    If z is zero, no relevance is passed on.
    """
    shared = z * torch.where(z.abs() > TINY, y / z, 0).detach()
    return y.detach() + (shared - shared.detach())


def exciting(layer: nn.Conv2d, x: Tensor, weight: Tensor) -> Tensor:
    """Return Σ_k (x_k w_kj)⁺, the output of a convolution with this weight from positive contributions only."""
    z = layer._conv_forward(x.clamp(min=0), weight.clamp(min=0), None)
    below = x.clamp(max=0)
    return z + layer._conv_forward(below, weight.clamp(max=0), None) if below.any() else z


@memoize
def partners(classifier: Classifier) -> dict[nn.Module, nn.Conv2d]:
    """Return the convolution directly before each BatchNorm, by the BatchNorm."""
    found: dict[nn.Module, nn.Conv2d] = {}
    last: list[tuple[nn.Conv2d, Tensor]] = []  # the convolution that ran last, and its output

    def observe(module: nn.Module, inputs: tuple[Tensor, ...], y: Tensor) -> None:
        if isinstance(module, nn.Conv2d):
            last[:] = [(module, y)]
        elif last and inputs[0] is last[0][1]:
            found[module] = last[0][0]

    kinds = (nn.Conv2d, nn.BatchNorm2d)
    handles = [one.register_forward_hook(observe) for one in classifier.module.modules() if isinstance(one, kinds)]
    try:
        with torch.no_grad():
            classifier.module(blank(classifier.module, classifier.card.size))
    finally:
        for handle in handles:
            handle.remove()
    return found


@contextmanager
def rules(classifier: Classifier) -> Iterator[None]:
    """Within this context the model's output is unchanged, and its gradient times the input is the relevance."""
    pairs = partners(classifier)
    taken: dict[nn.Module, Tensor] = {}

    def convolve(layer: nn.Conv2d, inputs: tuple[Tensor, ...], y: Tensor) -> Tensor:
        return same(exciting(layer, inputs[0], layer.weight), y)

    def remember(layer: nn.Conv2d, inputs: tuple[Tensor, ...], y: Tensor) -> None:
        taken[layer] = inputs[0]

    def normalize(norm: nn.BatchNorm2d, inputs: tuple[Tensor, ...], y: Tensor) -> Tensor:
        assert norm.running_var is not None  # a BatchNorm without running statistics needs a batch
        layer, scale = pairs[norm], (norm.running_var + norm.eps).rsqrt() * (1 if norm.weight is None else norm.weight)
        return same(exciting(layer, taken.pop(layer), layer.weight * scale.view(-1, 1, 1, 1)), y)

    def pass_on(module: nn.Module, inputs: tuple[Tensor, ...], y: Tensor) -> Tensor:
        return same(inputs[0], y)

    handles = []
    for module in classifier.module.modules():
        rule: Callable[..., Tensor | None]
        if isinstance(module, nn.Conv2d):
            rule = remember if module in pairs.values() else convolve
        elif module in pairs:
            rule = normalize
        elif isinstance(module, (*NORMS, *CURVES)):
            rule = pass_on
        else:
            continue
        handles.append(module.register_forward_hook(rule))
    try:
        with steer(classifier.module, {name: lambda tap, weights: weights.detach() for name in classifier.taps}):
            yield
    finally:
        for handle in handles:
            handle.remove()


def lrp(classifier: Classifier, x: Tensor, target: Question, progress: Progress) -> tuple[Tensor, float | None]:
    """Return the map (size, size), and its gap |Σ values − F(x)| / |F(x)|."""
    start = leaf(x)
    with undisturbed(), torch.enable_grad(), rules(classifier):
        score = counted(classifier, target, 1, progress)(start)
        (gradient,) = torch.autograd.grad(score, start)
    values = (gradient * x)[0].sum(0)
    return values, gap(values, score.item())


exact = completeness_test("lrp", lrp)

LRP = Method(
    slug="lrp",
    title="LRP",
    summary="The score, redistributed layer by layer from the output back to the pixels.",
    equation="R_i = Σ_j (x_i w_ij)⁺ / Σ_k (x_k w_kj)⁺ · R_j",
    paper="Bach et al., Layer-wise relevance propagation, PLoS ONE 2015; Kohlbrenner et al., IJCNN 2020",
    signed=True,
    compute=lrp,
    fits=lambda classifier: exact(classifier) is not None,
    exact=exact,
    complete=True,
    no_baseline=True,
    needs="For this model, the values of the map must sum to the score within 5 % on test scenes.",
)
