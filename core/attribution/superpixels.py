"""Methods that remove superpixels: regions of similar color, with borders that follow edges of the picture (SLIC).

    feature ablation    φ_i = F(x) − F(x without superpixel i)
    KernelSHAP          φ = Shapley values: the gain by i, averaged over all orders of adding the superpixels
    LIME                φ = the coefficients of a linear fit to F at pictures near x, with random superpixels removed

Removed superpixels are replaced by the baseline b. A superpixel's φ is spread uniformly over its pixels, so that the
map adds up to Σ φ. For KernelSHAP, Σ φ = F(x) − F(b) for every sample. Achanta et al., "SLIC superpixels", TPAMI 2012.

Captum's KernelSHAP and LIME use the global random state, fit with scikit-learn in float32, and reach the sum only
approximately. Both need only a few lines of linear algebra, so they are implemented here.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from core.attribution.baseline import BASELINE, absent
from core.attribution.batches import counted, pace
from core.attribution.method import Method, Parameter
from core.attribution.noise import SEED
from core.attribution.path import gap
from core.classifier import Classifier, Question
from core.types import Progress

WIDTH = 0.25
"""The width of LIME's kernel over cosine distances d: the smaller, the more local is the fit. A picture has the weight
exp(−d² / width²), as in the paper. The authors' code uses the square root, which equals a width √2 times as large."""
FEWEST = 4
"""The fewest samples for each superpixel: with fewer, many maps fit the scores, and the result is arbitrary."""
FIRMNESS = (10.0, 100.0, 1000.0)
"""The weights of distance relative to color (SLIC's compactness). The next one is tried if a noisy picture falls into
tiny segments, which SLIC then merges into a single segment."""


def cut(classifier: Classifier, x: Tensor, segments: int) -> Tensor:
    """Return the index of each pixel's superpixel, (size, size), from zero, for about ``segments`` superpixels."""
    from skimage.segmentation import slic  # imported here because the import takes half a second and is rarely needed

    mean, std = (moment.to(x) for moment in classifier.moments)
    colors = ((x[0] * std + mean) * 255).round().clamp(0, 255).permute(1, 2, 0).byte().cpu().numpy()
    for firmness in FIRMNESS:
        labels = slic(colors, n_segments=segments, compactness=firmness, start_label=0, channel_axis=-1)
        numbers = np.unique(labels, return_inverse=True)[1].reshape(labels.shape)  # without gaps
        if numbers.max() + 1 >= segments / 4:
            break
    return torch.from_numpy(numbers.astype(np.int64)).to(x.device)


def spread(shares: Tensor, labels: Tensor) -> Tensor:
    """Spread the share of each superpixel uniformly over its pixels: (m,) and (size, size) -> (size, size)."""
    return (shares / labels.flatten().bincount(minlength=len(shares)))[labels]


def scores_of(
    classifier: Classifier, x: Tensor, target: Question, progress: Progress, labels: Tensor, b: Tensor, present: Tensor
) -> Tensor:
    """Return the scores (s,) of pictures in which only some superpixels are ``present`` (s, m): float64, on the CPU."""
    score, batch = counted(classifier, target, len(present), progress), pace(classifier).size
    with torch.no_grad():
        parts = [score(torch.where(part.to(x.device)[:, labels][:, None], x, b)) for part in present.split(batch)]
    return torch.cat(parts).cpu().double()


def feature_ablation(
    classifier: Classifier, x: Tensor, target: Question, progress: Progress, *, segments: int, baseline: str
) -> tuple[Tensor, None]:
    """The map (size, size)."""
    from captum.attr import FeatureAblation

    labels, b = cut(classifier, x, segments), absent(classifier, x, baseline)
    whole = x.new_ones(1, int(labels.max()) + 1)
    score = counted(classifier, target, whole.numel() + 1, progress)

    def seen(present: Tensor) -> Tensor:
        return score(torch.where(present.bool()[:, labels][:, None], x, b))

    batch = pace(classifier).size
    falls = FeatureAblation(seen).attribute(whole, baselines=0, perturbations_per_eval=batch)[0]
    return spread(falls.to(x), labels), None


def kernel_shap(
    classifier: Classifier, x: Tensor, target: Question, progress: Progress, **parameters: Any
) -> tuple[Tensor, float | None]:
    """Return the map (size, size) and its completeness gap, which is only a rounding error."""
    labels, b = cut(classifier, x, parameters["segments"]), absent(classifier, x, parameters["baseline"])
    m, generator = int(labels.max()) + 1, torch.Generator().manual_seed(parameters["seed"])
    ends = torch.tensor([[True], [False]]).expand(2, m)
    present = torch.cat((ends, coalitions(m, enough(parameters["samples"], m), generator)))
    whole, nothing, *_ = scores = scores_of(classifier, x, target, progress, labels, b, present)
    shares = shapley(present[2:], scores[2:] - nothing, whole - nothing)
    return spread(shares.to(x), labels), gap(shares, (whole - nothing).item())


def enough(samples: int, m: int) -> int:
    """Return the number of samples for m superpixels: ``samples``, or the minimum for m."""
    return max(samples, FEWEST * m)


def coalitions(m: int, samples: int, generator: torch.Generator) -> Tensor:
    """Draw sets of present superpixels, (samples, m), by the Shapley kernel: size k with p ~ 1 / (k (m − k)).

    Each is followed by its complement, which halves the noise (Covert, Lee, "Improving KernelSHAP", AISTATS 2021).
    """
    sizes = torch.arange(1.0, m, dtype=torch.float32)
    chosen = 1 + torch.multinomial(1 / (sizes * (m - sizes)), (samples + 1) // 2, True, generator=generator)
    ranks = torch.rand(len(chosen), m, generator=generator, dtype=torch.float32).argsort(1).argsort(1)
    present = ranks < chosen[:, None]
    return torch.stack((present, ~present), 1).flatten(0, 1)[:samples]


def shapley(present: Tensor, gains: Tensor, whole: Tensor, weights: Tensor | None = None) -> Tensor:
    """Fit the shares (m,) to the ``gains`` (s,) of the coalitions, with their sum fixed to the gain of the ``whole``.

    Least squares, weighted if the coalitions were not drawn by the kernel. The last share is the remainder.
    """
    there = present.double()
    left, right = there[:, :-1] - there[:, -1:], gains - there[:, -1] * whole
    scale = torch.ones_like(gains) if weights is None else weights.sqrt()
    shares = torch.linalg.lstsq(left * scale[:, None], (right * scale)[:, None], driver="gelsd").solution[:, 0]
    return torch.cat((shares, (whole - shares.sum())[None]))


def lime(
    classifier: Classifier, x: Tensor, target: Question, progress: Progress, **parameters: Any
) -> tuple[Tensor, None]:
    """The map (size, size)."""
    labels, b = cut(classifier, x, parameters["segments"]), absent(classifier, x, parameters["baseline"])
    generator, m = torch.Generator().manual_seed(parameters["seed"]), int(labels.max()) + 1
    present = torch.rand(enough(parameters["samples"], m), m, generator=generator, dtype=torch.float32) < 0.5
    present[0] = True
    scores = scores_of(classifier, x, target, progress, labels, b, present)
    return spread(coefficients(present, scores).to(x), labels), None


def coefficients(present: Tensor, scores: Tensor) -> Tensor:
    """Return the coefficients (m,) of a linear fit to the scores (s,), weighted by exp(−d² / width²).

    d is the cosine distance to the whole picture. The weight follows the paper; the authors' code uses its square root
    and ridge regression, which shrinks the coefficients. Without ridge regression, the coefficients are exact for a
    linear model.
    """
    there = present.double()
    distance = 1 - there.mean(1).sqrt()
    scale = (-(distance**2) / WIDTH**2 / 2).exp()[:, None]  # the square root of the weight
    line = torch.cat((torch.ones_like(scale), there), 1)
    return torch.linalg.lstsq(line * scale, scores[:, None] * scale, driver="gelsd").solution[1:, 0]


SEGMENTS = Parameter("segments", "Superpixels", "Approximate number of regions of the picture.", 50, 10, 150, 10)
SAMPLES = Parameter(
    "samples", "Samples", "Number of pictures with some regions removed, at least four per region.", 500, 100, 5000, 100
)

FEATURE_ABLATION = Method(
    slug="feature-ablation",
    title="Feature ablation",
    summary="How far the score falls when one region of similar color is removed.",
    equation="F(x) − F(x without superpixel i)",
    paper="Kokhlikyan et al., Captum, 2020; superpixels: Achanta et al., SLIC, TPAMI 2012",
    signed=True,
    compute=feature_ablation,
    parameters=(SEGMENTS, BASELINE),
    evaluations=lambda classifier, segments, **_: segments + 1,
    gradient=False,
    family="removal",
)

KERNEL_SHAP = Method(
    slug="kernel-shap",
    title="KernelSHAP",
    summary="What each region adds to the score on average, over all combinations with other regions.",
    equation="Σ over sets S without i of (F(S + i) − F(S)) · |S|! (m − |S| − 1)! / m!",
    paper="Lundberg, Lee, A unified approach to interpreting model predictions, NeurIPS 2017",
    signed=True,
    compute=kernel_shap,
    parameters=(SEGMENTS, SAMPLES, BASELINE, SEED),
    evaluations=lambda classifier, samples, segments, **_: enough(samples, segments) + 2,
    complete=True,
    gradient=False,
    family="removal",
)

LIME = Method(
    slug="lime",
    title="LIME",
    summary="A linear model fitted to the predictions for copies of this picture with some regions removed.",
    equation="argmin over φ of Σ exp(−d² / width²) (F(z) − φ₀ − φ · z)²  (in its authors' code √exp)",
    paper="Ribeiro, Singh, Guestrin, Why should I trust you?, KDD 2016",
    signed=True,
    compute=lime,
    parameters=(SEGMENTS, SAMPLES, BASELINE, SEED),
    evaluations=lambda classifier, samples, segments, **_: enough(samples, segments),
    gradient=False,
    family="removal",
)
