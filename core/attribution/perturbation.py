"""Occlusion: hide a window of the picture and measure the drop of the score.

    value of a cell = F(x) − F(x with the window over that cell replaced by the baseline)

The cells are squares of ``stride`` pixels that tile the model's square; the window is centered on its cell (up to half
a pixel) and cut off at the border. Zeiler, Fergus, ECCV 2014, use the probability; here the score is used. Captum's
feature ablation runs on a grid with one element for each window, so each cell keeps the value of its own window, while
Captum's ``Occlusion`` averages overlapping windows in each pixel.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from core.attribution.baseline import BASELINE, absent
from core.attribution.batches import counted, pace
from core.attribution.method import Method, Parameter
from core.classifier import Classifier, Question
from core.types import InvalidInput, Progress

WIDEST = 128
"""The side of the largest window, in pixels."""


def occlusion(
    classifier: Classifier, x: Tensor, target: Question, progress: Progress, *, window: int, stride: int, baseline: str
) -> tuple[Tensor, None]:
    """Return the map (n, n) on the grid of the windows, n = size / stride."""
    from captum.attr import FeatureAblation

    if window < stride:
        raise InvalidInput(
            "The window must be at least as wide as its stride. Choose {stride} pixels or more.", stride=stride
        )
    n = x.shape[-1] // stride
    hidden = absent(classifier, x, baseline)
    score = counted(classifier, target, n * n + 1, progress)

    def seen(present: Tensor) -> Tensor:
        return score(torch.where(cover(1 - present, window, stride), hidden, x))

    batch = pace(classifier).size
    drop = FeatureAblation(seen).attribute(x.new_ones(1, 1, n, n), baselines=0, perturbations_per_eval=batch)
    return drop[0, 0], None


def cover(gone: Tensor, window: int, stride: int) -> Tensor:
    """Return the pixels that the windows in ``gone`` (b, 1, n, n) cover: (b, 1, size, size) bool."""
    painted = F.conv_transpose2d(gone, gone.new_ones(1, 1, window, window), stride=stride)
    lead, size = (window - stride) // 2, gone.shape[-1] * stride
    return painted[..., lead : lead + size, lead : lead + size] > 0


def strides(classifier: Classifier) -> tuple[int, ...]:
    """Return the strides that tile the model's square with 4 to 40 cells per side, up to half of the widest window."""
    size = classifier.card.size
    return tuple(one for one in range(1, WIDEST // 2 + 1) if size % one == 0 and 4 <= size // one <= 40)


def usual_stride(classifier: Classifier) -> int:
    """Return the stride nearest to 16 cells per side, the coarser of two equally near."""
    return min(strides(classifier), key=lambda stride: (abs(classifier.card.size / stride - 16), -stride))


OCCLUSION = Method(
    slug="occlusion",
    title="Occlusion",
    summary="How far the score falls when a square of the picture is hidden.",
    equation="F(x) − F(x with a window replaced by the baseline)",
    paper="Zeiler, Fergus, Visualizing and understanding convolutional networks, ECCV 2014",
    signed=True,
    compute=occlusion,
    parameters=(
        Parameter(
            name="window",
            title="Window",
            help="Side of the hidden square, in pixels of the model input.",
            default=lambda classifier: 2 * usual_stride(classifier),
            low=2,
            high=WIDEST,
            step=2,
        ),
        Parameter(
            name="stride",
            title="Stride",
            help="Distance between two positions of the hidden square, in pixels. Half the "
            "distance takes four times as long.",
            default=usual_stride,
            choices=strides,
        ),
        BASELINE,
    ),
    fits=lambda classifier: bool(strides(classifier)),
    evaluations=lambda classifier, stride, **_: (classifier.card.size // stride) ** 2 + 1,
    gradient=False,
    needs="The side of the model's input must be divisible into 4 to 40 equal windows.",
    family="removal",
)
