"""Models as people write them, which the guard has to take as they are: each gives the module's own logits."""

from __future__ import annotations

import sys
import time
from types import ModuleType

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

import core
from core.types import InvalidInput, Picture
from tests.core.test_guard_blocks import card, check_logits
from tests.core.test_guard_manners import Made


def mlp() -> nn.Module:
    torch.manual_seed(0)
    return Made(lambda self, x: self.net(x.view(x.size(0), -1)), nn.Linear(3 * 64 * 64, 3))


def lenet() -> nn.Module:
    """Ends its convolutions in a view, as in many tutorials."""
    torch.manual_seed(0)
    layers = nn.Conv2d(3, 4, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(4, 8, 5), nn.ReLU(), nn.MaxPool2d(2)
    network = nn.ModuleList([nn.Sequential(*layers), nn.Linear(8 * 13 * 13, 3)])
    return Made(lambda self, x: self.net[1](self.net[0](x).view(x.size(0), -1)), network)


def squeezed() -> nn.Module:
    """Wants a contiguous picture, and one at a time."""
    torch.manual_seed(0)
    return Made(lambda self, x: self.net(x.view(3 * 64 * 64))[None], nn.Linear(3 * 64 * 64, 3))


@pytest.mark.parametrize("made", [mlp, lenet, squeezed])
def test_a_model_that_views_its_input_works_in_everything(made, picture: Picture) -> None:
    module = made()
    found = core.adopt(module, card())
    check_logits(found, module, picture)
    assert bool(found.notes) == (made is squeezed)
    x = found.prepare(picture).contiguous().requires_grad_()
    gradient = torch.autograd.grad(module(x)[0, 1], x)[0]
    saliency = core.attribute(found, picture, "saliency", 1).values
    assert np.allclose(saliency, gradient[0].abs().amax(0).numpy(), atol=1e-6)
    for method in ("integrated-gradients", "occlusion", *(("grad-cam",) if found.stages else ())):
        assert np.isfinite(core.attribute(found, picture, method, 1).values).all()
    assert core.panel(found, picture)


@pytest.mark.parametrize("held", [functional, np, sys])
def test_a_python_module_that_a_model_keeps_is_shared_at_once(held: ModuleType, picture: Picture) -> None:
    module = Made(lambda self, x: self.net(x))
    module.held = held
    began = time.process_time()
    found = core.adopt(module, card())
    assert time.process_time() - began < 10
    assert found.module.held is held
    check_logits(found, module, picture)


@pytest.mark.parametrize("noise", [1.0, 1e-2, 1e-3, 3e-4])
def test_small_noise_is_told_from_a_missing_gradient(noise: float) -> None:
    def drawn(self: Made, x: Tensor) -> Tensor:
        return self.net(x + noise * torch.randn_like(x))

    for seed in range(5):
        module = Made(drawn)
        torch.manual_seed(seed)
        try:
            notes = core.adopt(module, card()).notes
        except InvalidInput as error:
            assert "another answer each time" in str(error)
        else:
            assert not notes and noise < 1e-2
