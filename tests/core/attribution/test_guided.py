"""Deconvolution and guided Grad-CAM: the rule written out, Captum, and which models have no other rectifier."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy

import numpy as np
import pytest
import torch
from captum.attr import GuidedGradCam
from torch import Tensor, nn
from torch.nn import functional as F

from core.attribution import attribute
from core.attribution.rectifiers import only_relu
from core.classifier import Classifier
from core.types import ModelCard, Picture
from tests.conftest import CLASSES
from tests.core.quick_methods import compute, double

pytestmark = pytest.mark.filterwarnings("ignore:Setting backward hooks on ReLU")


class Deconvolved(nn.Module):
    """relu whose gradient is the rule of deconvolution, written out."""

    class Rule(torch.autograd.Function):
        @staticmethod
        def forward(context: torch.autograd.function.FunctionCtx, x: Tensor) -> Tensor:
            return x.clamp(min=0)

        @staticmethod
        def backward(context: torch.autograd.function.FunctionCtx, slope: Tensor) -> Tensor:
            return slope * (slope > 0)

    def forward(self, x: Tensor) -> Tensor:
        return self.Rule.apply(x)


@pytest.mark.parametrize("slug", ["plain", "cbam", "recurrent"])
def test_deconvolution_by_the_rule(tiny: Callable[[str], Classifier], picture: Picture, slug: str) -> None:
    exact, ruled = double(tiny(slug)), deepcopy(tiny(slug).module).double()
    for parent in list(ruled.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, nn.ReLU):
                setattr(parent, name, Deconvolved())
    x = exact.prepare(picture).double()
    start = x.clone().requires_grad_()
    (slope,) = torch.autograd.grad(ruled(start)[0, 8], start)
    found = compute(exact, "deconvolution", x, 8)
    np.testing.assert_allclose(found, slope[0].sum(0), rtol=1e-8, atol=1e-12)
    assert not np.allclose(found, compute(exact, "guided-backpropagation", x, 8))


@pytest.mark.parametrize("stage", ["stage2", "stage4"])
def test_guided_grad_cam_is_captums(tiny: Callable[[str], Classifier], picture: Picture, stage: str) -> None:
    exact = double(tiny("plain"))
    x, blank = exact.prepare(picture).double(), 0
    for target in range(4):
        theirs = GuidedGradCam(exact.module, exact.stages[stage].module)
        expected = theirs.attribute(x.clone().requires_grad_(), target, interpolate_mode="bilinear")[0].sum(0).detach()
        found = compute(exact, "guided-grad-cam", x, target, stage=stage)
        np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-12)
        blank += not found.any()
    assert blank < 4


class Rectified(nn.Module):
    """Two layers with a rectifier between them, whichever it is."""

    def __init__(self, rectify: Callable[[Tensor], Tensor], again: Callable[[Tensor], Tensor] | None = None):
        super().__init__()
        self.first, self.second = nn.Linear(3 * 16 * 16, 8), nn.Linear(8, 3)
        self.rectify, self.again = rectify, again or nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return self.second(self.again(self.rectify(self.first(x.flatten(1)))))


reused, unused = nn.ReLU(), nn.ReLU()


@pytest.mark.parametrize(
    ("rectify", "again", "expected"),
    [
        (nn.ReLU(), None, True),
        (nn.ReLU(inplace=True), None, True),
        (reused, reused, True),
        (F.relu, None, False),
        (nn.ReLU(), F.relu, False),  # one of two escapes
        (nn.ReLU(), lambda y: y.clamp(min=0), False),
        (nn.ReLU(), nn.GELU(), False),
        (nn.ReLU(), nn.Hardswish(), False),
        (nn.ReLU(), nn.SiLU(), False),
        (nn.ReLU(), F.relu6, False),
        (nn.ReLU(), F.leaky_relu, False),
        (nn.ReLU(), nn.PReLU(), False),
        (nn.ReLU(), nn.Softplus(), False),
        (nn.ReLU(), torch.sigmoid, True),  # a gate's curve rectifies nothing
        (nn.ReLU(), lambda y: torch.maximum(y, torch.zeros_like(y)), False),
        (nn.ReLU(), lambda y: torch.minimum(y, 0 * y), False),
        (nn.ReLU(), lambda y: torch.max(y, 0 * y), False),
        (nn.ReLU(), lambda y: torch.stack([y, 0 * y]).amax(0), False),
        (nn.ReLU(), lambda y: torch.where(y > 0, y, 0 * y), False),
        (nn.ReLU(), lambda y: y * (y > 0), False),
        (nn.ReLU(), lambda y: (y > 0).to(y) * y, False),
        (nn.ReLU(), lambda y: y.masked_fill(y < 0, 0), False),
        (nn.ReLU(), lambda y: (y + y.abs()) / 2, False),
        (nn.ReLU(), lambda y: y.clone().index_put_((y < 0,), torch.zeros(())), False),
        (nn.ReLU(), lambda y: F.threshold(y, 0, 0), False),
        (nn.ReLU(), lambda y: (1 + y.exp()).log(), False),
        (nn.ReLU(), lambda y: y * y.sigmoid(), False),
        (nn.ReLU(), lambda y: 0.5 * y * (1 + (0.8 * (y + 0.04 * y**3)).tanh()), False),
        (nn.ReLU(), Deconvolved(), False),
        (nn.ReLU(), lambda y: y * y.mean(1, keepdim=True).sigmoid(), True),  # a gate
        (nn.ReLU(), lambda y: 0.5 * y / (y.square().mean() + 1).sqrt(), True),
        (nn.ReLU(), lambda y: F.max_pool1d(y[:, None], 3, 1, 1)[:, 0], True),
        (nn.ReLU(), lambda y: F.avg_pool1d(y[:, None], 3, 1, 1)[:, 0] * torch.arange(8.0), True),
        (lambda y: (unused(y), y.clamp(min=0) + F.relu(y))[1], None, False),
        (lambda y: (unused(y), F.relu(y))[1], None, False),  # the module's result goes nowhere
        (nn.Identity(), None, False),
    ],
)
def test_only_relu(rectify: Callable, again: Callable | None, expected: bool) -> None:
    torch.manual_seed(0)  # with eight units, a random layer may rectify the same ones of both probes
    module = Rectified(rectify, again)
    module.unused = unused
    module.requires_grad_(False)
    classifier = Classifier(ModelCard("made/one", "", "plain", CLASSES[:3], size=16), module, torch.device("cpu"))
    assert only_relu(classifier) == expected
    assert not any(child._forward_hooks for child in module.modules())


def test_guided_maps_are_those_of_the_predicted_class_unless_requested(
    tiny: Callable[[str], Classifier], picture: Picture
) -> None:
    classifier = tiny("plain")
    found = attribute(classifier, picture, "guided-grad-cam")
    assert np.array_equal(found.values, attribute(classifier, picture, "guided-grad-cam", found.target).values)
