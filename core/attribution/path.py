"""Methods that average the gradient over many pictures near this one: on a straight path, or in a cloud.

    integrated gradients    sum over colours of (x − b) · mean over t in 0..1 of ∂F/∂x at b + t (x − b)
    SmoothGrad              max over colours of |mean over noise ε of ∂F/∂x at x + ε|,  ε ~ N(0, σ²)

b is the baseline. Integrated Gradients is complete: its values add up to F(x) − F(b). The steps are the nodes of the
Gauss-Legendre rule, which is exact for polynomials; what is missing from the sum is the ``gap``. SmoothGrad averages
the signed gradients and then reduces the colours as saliency does, so that without noise it is saliency.
"""

from __future__ import annotations

import torch
from captum.attr import IntegratedGradients, Saliency
from torch import Tensor

from core.attribution.baseline import BASELINE, absent
from core.attribution.batches import counted, pace
from core.attribution.gradient import leaf
from core.attribution.method import Method, Parameter
from core.classifier import Classifier
from core.types import Progress


def integrated_gradients(
    classifier: Classifier, x: Tensor, target: int, progress: Progress, *, steps: int, baseline: str
) -> tuple[Tensor, float]:
    """The map (size, size) and its completeness gap."""
    start = absent(classifier, x, baseline)
    score = counted(classifier, target, steps, progress)
    batch = pace(classifier, gradient=True).size
    values = IntegratedGradients(score).attribute(x.detach(), start, n_steps=steps, internal_batch_size=batch)
    return values[0].sum(0), completeness_gap(classifier, x, start, target, values)


def completeness_gap(classifier: Classifier, x: Tensor, baseline: Tensor, target: int, values: Tensor) -> float:
    """|Σ values − (F(x) − F(b))| / max(|F(x) − F(b)|, 1), summed in float64, which not every device has."""
    with torch.no_grad():
        end, start = classifier.score(torch.cat([x, baseline]), target).tolist()
    change = end - start
    return abs(values.cpu().double().sum().item() - change) / max(abs(change), 1.0)


def smoothgrad(
    classifier: Classifier, x: Tensor, target: int, progress: Progress, *, samples: int, noise: float, seed: int
) -> tuple[Tensor, None]:
    """The map (size, size). One draw for each sample, on the CPU: the same for every batch size and device."""
    generator = torch.Generator().manual_seed(seed)
    spread = noise * (x.max() - x.min())
    gradient = Saliency(counted(classifier, target, samples, progress))
    batch, total = pace(classifier, gradient=True).size, torch.zeros_like(x[0])
    for first in range(0, samples, batch):
        draws = [torch.randn(x.shape[1:], generator=generator) for _ in range(min(batch, samples - first))]
        total += gradient.attribute(leaf(x + spread * torch.stack(draws).to(x)), abs=False).sum(0)
    return (total / samples).abs().amax(0), None


INTEGRATED_GRADIENTS = Method(
    slug="integrated-gradients",
    title="Integrated Gradients",
    summary="How much each pixel adds to the score, or takes from it, while the picture fades in from a baseline.",
    equation="sum over colours of (x − b) · ∫₀¹ ∂F/∂x (b + t (x − b)) dt",
    paper="Sundararajan, Taly, Yan, Axiomatic attribution for deep networks, ICML 2017",
    signed=True,
    compute=integrated_gradients,
    parameters=(
        Parameter("steps", "Steps", "Stops on the way from the baseline; more are more exact.", 50, 10, 500, 10),
        BASELINE,
    ),
    evaluations=lambda classifier, steps, **_: steps + 2,
)

SMOOTHGRAD = Method(
    slug="smoothgrad",
    title="SmoothGrad",
    summary="Saliency averaged over noisy copies of the picture, so that only what persists remains.",
    equation="max over colours of |1/n Σ ∂F/∂x (x + ε)|,  ε ~ N(0, σ²)",
    paper="Smilkov et al., SmoothGrad: removing noise by adding noise, 2017",
    signed=False,
    compute=smoothgrad,
    parameters=(
        Parameter("samples", "Samples", "How many noisy copies are averaged.", 25, 5, 100, 5),
        Parameter("noise", "Noise", "Strength of the noise, as a share of the picture's range.", 0.15, 0.0, 0.5, 0.05),
        Parameter("seed", "Seed", "The same seed draws the same noise.", 0, 0, 999, 1),
    ),
    evaluations=lambda classifier, samples, **_: samples,
)
