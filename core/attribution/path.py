"""Methods that average the gradient along the path from a baseline b to the picture x.

    Integrated Gradients    sum over colors of (x − b) · mean over t in 0..1 of ∂F/∂x at b + t (x − b)
    GradientSHAP            the same, as the mean over several baselines, and over noisy copies x + ε of the picture

Integrated Gradients is complete: its values sum to F(x) − F(b). The steps are the nodes of the Gauss-Legendre rule,
which is exact for polynomials; the ``gap`` is the remaining error. GradientSHAP draws t at random, so it is complete on
average; its gap refers to the mean of F over the baselines.
"""

from __future__ import annotations

import torch
from torch import Tensor

from core.attribution.baseline import BASELINE, BASELINES, absent
from core.attribution.batches import counted, pace
from core.attribution.gradient import leaf
from core.attribution.method import Method, Parameter
from core.attribution.noise import SEED, STRENGTH
from core.classifier import Classifier, Question
from core.types import Progress

NOTHING = 1e-4
"""The gap is undefined if the change of the score is at most this share of the sum of absolute values."""


def integrated_gradients(
    classifier: Classifier, x: Tensor, target: Question, progress: Progress, *, steps: int, baseline: str
) -> tuple[Tensor, float | None]:
    """The map (size, size) and its completeness gap."""
    from captum.attr import IntegratedGradients

    start = absent(classifier, x, baseline)
    score = counted(classifier, target, steps, progress)
    batch = pace(classifier, gradient=True).size
    values = IntegratedGradients(score).attribute(x.detach(), start, n_steps=steps, internal_batch_size=batch)
    values = values[0].sum(0)
    return values, completeness_gap(classifier, x, start, target, values)


def gradient_shap(
    classifier: Classifier, x: Tensor, target: Question, progress: Progress, *, points: int, noise: float, seed: int
) -> tuple[Tensor, float | None]:
    """Return the map (size, size) and its completeness gap.

    Captum's version runs all samples at once and uses the global random state. This version has its own generator and
    draws one t in each of ``points`` equal parts of the path from each baseline, independent of the batch size.
    """
    from captum.attr import Saliency

    generator = torch.Generator().manual_seed(seed)

    def draw() -> tuple[Tensor, Tensor]:
        place = torch.rand((), generator=generator, dtype=torch.float32)
        return place, torch.randn(x.shape[1:], generator=generator, dtype=torch.float32)

    starts = torch.cat([absent(classifier, x, name) for name in BASELINES])
    spread, samples = noise * (x.max() - x.min()), points * len(starts)
    gradient = Saliency(counted(classifier, target, samples, progress))
    batch, total = pace(classifier, gradient=True).size, torch.zeros_like(x[0])
    for first in range(0, samples, batch):
        numbers = range(first, min(first + batch, samples))
        places, clouds = (torch.stack(drawn).to(x) for drawn in zip(*(draw() for _ in numbers), strict=True))
        t = (torch.tensor([i // len(starts) for i in numbers]).to(x) + places).view(-1, 1, 1, 1) / points
        begins, ends = starts[[i % len(starts) for i in numbers]], x + spread * clouds
        ways = ends - begins
        gradients = gradient.attribute(leaf(begins + t * ways), abs=False)
        total += (gradients * ways).sum(0)
    values = (total / samples).sum(0)
    return values, completeness_gap(classifier, x, starts, target, values)


def completeness_gap(
    classifier: Classifier, x: Tensor, baselines: Tensor, target: Question, values: Tensor
) -> float | None:
    """Return the ``gap`` of a map (h, w) from F(x) − F(b); F(b) is the mean over ``baselines`` (n, 3, size, size)."""
    with torch.no_grad():
        end, *starts = classifier.score(torch.cat([x, baselines]), target).tolist()
    return gap(values, end - sum(starts) / len(starts))


def gap(values: Tensor, change: float) -> float | None:
    """Return |Σ values − change| / |change|, the relative error of the sum of the values.

    The gap does not depend on the scale of the score. It is None if the change is very small compared with the values
    (below ``NOTHING`` · Σ |values|), because then rounding errors dominate. The sums are computed on the CPU, because
    not every device supports float64.
    """
    values = values.cpu().double()
    if abs(change) <= NOTHING * values.abs().sum().item():
        return None
    return abs(values.sum().item() - change) / abs(change)


INTEGRATED_GRADIENTS = Method(
    slug="integrated-gradients",
    title="Integrated Gradients",
    summary="How much each pixel raises or lowers the score while the picture fades in from a baseline.",
    equation="sum over colors of (x − b) · ∫₀¹ ∂F/∂x (b + t (x − b)) dt",
    paper="Sundararajan, Taly, Yan, Axiomatic attribution for deep networks, ICML 2017",
    signed=True,
    compute=integrated_gradients,
    parameters=(
        Parameter(
            "steps",
            "Steps",
            "Number of steps from the baseline to the picture; more steps are more accurate.",
            50,
            10,
            500,
            10,
        ),
        BASELINE,
    ),
    evaluations=lambda classifier, steps, **_: steps + 2,
    complete=True,
)

GRADIENT_SHAP = Method(
    slug="gradient-shap",
    title="GradientSHAP",
    summary="Integrated Gradients averaged over four baselines, so that the result depends less on one choice.",
    equation="mean over b, t and ε of the sum over colors of (x + ε − b) · ∂F/∂x (b + t (x + ε − b))",
    paper="Lundberg, Lee, A unified approach to interpreting model predictions, NeurIPS 2017; Erion et al., 2021",
    signed=True,
    compute=gradient_shap,
    parameters=(
        Parameter(
            "points", "Points", "Number of points between each of the four baselines and the picture.", 12, 2, 100, 1
        ),
        Parameter("noise", "Noise", STRENGTH, 0.0, 0.0, 0.5, 0.05),
        SEED,
    ),
    evaluations=lambda classifier, points, **_: len(BASELINES) * (points + 1) + 1,
    complete=True,
)
