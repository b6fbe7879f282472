"""Baselines: reference pictures that replace the parts that a method removes.

Sturmfels, Lundberg, Lee, "Visualizing the impact of feature attribution baselines", Distill 2020, compares them.
"""

from __future__ import annotations

from torch import Tensor

from core.attribution.method import Parameter
from core.classifier import Classifier

BLUR = 1 / 16
"""Standard deviation of the Gaussian blur, as a share of the side of the model's crop."""

BASELINES = ("mean-color", "black", "white", "blurred")

BASELINE = Parameter(
    name="baseline",
    title="Baseline",
    help="The reference picture without information: mean training color, black, white, or the blurred picture.",
    default="mean-color",
    choices=BASELINES,
)


def absent(classifier: Classifier, x: Tensor, baseline: str) -> Tensor:
    """Return the named baseline for a prepared picture ``x``: (1, 3, size, size)."""
    if baseline == "mean-color":
        return x.new_zeros(x.shape)
    if baseline == "blurred":
        from torchvision.transforms.functional import gaussian_blur

        spread = BLUR * x.shape[-1]
        return gaussian_blur(x, 2 * round(3 * spread) + 1, spread)
    mean, std = (moment.to(x) for moment in classifier.moments)
    return ((float(baseline == "white") - mean) / std).expand_as(x)
