"""Models as they are found, which the guard has to take as they are: each gives the module's own logits."""

from __future__ import annotations

import sys
import time
from types import ModuleType

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

import core
from core.types import InvalidInput, Picture
from tests.core.guarded_models import Made, card, check_logits, net


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
def test_small_noise_is_distinguished_from_a_missing_gradient(noise: float) -> None:
    def drawn(self: Made, x: Tensor) -> Tensor:
        return self.net(x + noise * torch.randn_like(x))

    for seed in range(5):
        module = Made(drawn)
        torch.manual_seed(seed)
        try:
            notes = core.adopt(module, card()).notes
        except InvalidInput as error:
            assert "is different each time" in str(error)
        else:
            assert not notes and noise < 1e-2


def cast(kind: torch.dtype) -> nn.Module:
    """Brings what it is given to the precision of its layers."""
    return Made(lambda self, x: self.net(x.to(kind)).float(), net().to(kind))


def double_head() -> nn.Module:
    network = net()
    network[6].double()
    return Made(lambda self, x: self.net[6](self.net[:6](x).double()), network)


MIXED = {
    "half": lambda: cast(torch.half),
    "bfloat16": lambda: cast(torch.bfloat16),
    "double": lambda: cast(torch.double),
    "double head": double_head,
}


@pytest.mark.parametrize("name", MIXED)
def test_a_model_that_casts_keeps_its_precision(name: str, picture: Picture) -> None:
    module = MIXED[name]()
    found = core.adopt(module, card())
    check_logits(found, module, picture)
    kinds = [[one.dtype for one in each.parameters()] for each in (found.module, module)]
    assert kinds[0] == kinds[1] and found.scores(found.prepare(picture)).dtype == torch.float32
    shown = core.panel(found, picture)
    assert list(shown.stages) == ["net.1", "net.3"]
    assert all(one.values.max() > 0 for one in shown.attributions.values())


def test_a_model_in_another_precision_throughout_becomes_float32(picture: Picture) -> None:
    module = net().half()
    found = core.adopt(module, card())
    assert {one.dtype for one in found.module.parameters()} == {torch.float32}
    assert np.isfinite(core.read(found, picture).logits).all()


def test_a_casting_model_for_other_pictures_is_refused_in_one_true_sentence() -> None:
    drawn = Made(lambda self, x: self.net(x.half()).float() + torch.rand(3), net().half())
    with pytest.raises(InvalidInput, match="is different each time"):
        core.adopt(drawn, card())


@pytest.mark.parametrize("reentrant", [True, False])
@pytest.mark.parametrize("first", [0, 2])
def test_checkpointing_costs_the_gradient_and_one_sentence(reentrant: bool, first: int, picture: Picture) -> None:
    def run(self: Made, x: Tensor) -> Tensor:
        return checkpoint(self.net[first:], self.net[:first](x), use_reentrant=reentrant)

    module = Made(run)
    found = core.adopt(module, card())
    check_logits(found, module, picture)
    assert len(found.notes) == 1 and "checkpoint" in found.notes[0]
    assert np.isfinite(core.attribute(found, picture, "occlusion", 1).values).all()
    for method in ("saliency", "grad-cam", "integrated-gradients"):
        with pytest.raises(InvalidInput, match="needs gradients"):
            core.attribute(found, picture, method, 1)
    try:
        core.panel(found, picture)
    except InvalidInput as error:
        assert "gradient" in str(error)


def test_a_traced_model_that_lists_its_layers_is_taken(picture: Picture) -> None:
    module = torch.jit.trace(lenet().eval(), torch.zeros(1, 3, 64, 64))
    check_logits(core.adopt(module, card()), module, picture)
