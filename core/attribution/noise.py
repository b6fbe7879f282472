"""Methods that combine the gradients of noisy copies of the picture.

    SmoothGrad    max over colors of |mean over ε of ∂F/∂x at x + ε|,         ε ~ N(0, σ²)
    VarGrad       max over colors of the variance over ε of ∂F/∂x at x + ε

SmoothGrad averages the signed gradients and then reduces the colors like saliency, so without noise it equals saliency.
VarGrad shows where the gradient varies most; for a linear model it is zero.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from core.attribution.batches import counted, pace
from core.attribution.gradient import leaf
from core.attribution.method import Method, Parameter
from core.classifier import Classifier, Question
from core.types import Progress


def noisy_gradients(
    classifier: Classifier, x: Tensor, target: Question, progress: Progress, samples: int, noise: float, seed: int
) -> Iterator[Tensor]:
    """Yield ∂F/∂x of the noisy copies, in batches (n, 3, size, size).

    The noise is drawn for each copy on the CPU, so the result depends neither on the batch size nor on the device.
    """
    from captum.attr import Saliency

    generator = torch.Generator().manual_seed(seed)
    spread = noise * (x.max() - x.min())
    gradient = Saliency(counted(classifier, target, samples, progress))
    batch = pace(classifier, gradient=True).size
    for first in range(0, samples, batch):
        count = min(batch, samples - first)
        draws = [torch.randn(x.shape[1:], generator=generator, dtype=torch.float32) for _ in range(count)]
        yield gradient.attribute(leaf(x + spread * torch.stack(draws).to(x)), abs=False)


def smoothgrad(
    classifier: Classifier, x: Tensor, target: Question, progress: Progress, *, samples: int, noise: float, seed: int
) -> tuple[Tensor, None]:
    """The map (size, size)."""
    total = torch.zeros_like(x[0])
    for gradients in noisy_gradients(classifier, x, target, progress, samples, noise, seed):
        total += gradients.sum(0)
    return (total / samples).abs().amax(0), None


def vargrad(
    classifier: Classifier, x: Tensor, target: Question, progress: Progress, *, samples: int, noise: float, seed: int
) -> tuple[Tensor, None]:
    """Return the map (size, size). The variance is accumulated by Welford's algorithm, which avoids cancellation."""
    count, mean, squares = 0, torch.zeros_like(x[0]), torch.zeros_like(x[0])
    for gradients in noisy_gradients(classifier, x, target, progress, samples, noise, seed):
        for one in gradients:
            count += 1
            away = one - mean
            mean += away / count
            squares += away * (one - mean)
    return (squares / count).amax(0), None


SAMPLES = Parameter("samples", "Samples", "Number of noisy copies.", 25, 5, 100, 5)
SEED = Parameter("seed", "Seed", "The same seed gives the same random numbers.", 0, 0, 999, 1)
STRENGTH = "Strength of the noise, as a share of the picture's value range."

SMOOTHGRAD = Method(
    slug="smoothgrad",
    title="SmoothGrad",
    summary="Saliency averaged over noisy copies of the picture, so that only stable structures remain.",
    equation="max over colors of |1/n Σ ∂F/∂x (x + ε)|,  ε ~ N(0, σ²)",
    paper="Smilkov et al., SmoothGrad: removing noise by adding noise, 2017",
    signed=False,
    compute=smoothgrad,
    parameters=(SAMPLES, Parameter("noise", "Noise", STRENGTH, 0.15, 0.0, 0.5, 0.05), SEED),
    evaluations=lambda classifier, samples, **_: samples,
)

VARGRAD = Method(
    slug="vargrad",
    title="VarGrad",
    summary="How much the gradient varies when a little noise is added. The map has no sign, "
    "so it cannot show negative evidence.",
    equation="max over colors of the variance over ε of ∂F/∂x (x + ε),  ε ~ N(0, σ²)",
    paper="Adebayo et al., Local explanation methods lack sensitivity to parameter values, ICLR workshop 2018",
    signed=False,
    compute=vargrad,
    parameters=(SAMPLES, Parameter("noise", "Noise", STRENGTH, 0.15, 0.05, 0.5, 0.05), SEED),
    evaluations=lambda classifier, samples, **_: samples,
)
