"""Two optimizers on one model: every weight in exactly one, the hidden ones stepped as matrices on the same memory."""

from __future__ import annotations

import io
import math
from copy import deepcopy
from dataclasses import replace
from itertools import pairwise

import pytest
import torch
from torch import Tensor, nn

from core.attention import MECHANISMS, mechanism
from core.attention.transformer import TransformerBlock
from core.models.networks.backbone import Backbone
from core.models.zoo import build
from core.training.optimizers import Optimizers, one_cycle, plateau
from core.training.recipe import Recipe
from core.types import ModelCard

RECIPE = Recipe(rate=0.02, decay=0.1)


def model(slug: str = "cbam") -> nn.Module:
    torch.manual_seed(0)
    card = ModelCard(f"tiny/{slug}", "", slug, ("a", "b", "c"), size=32, widths=(8, 8, 16, 16))
    return build(card).to(memory_format=torch.channels_last)


def push(module: nn.Module, seed: int) -> None:
    """A random gradient for every weight, laid out as the weight is."""
    generator = torch.Generator().manual_seed(seed)
    for parameter in module.parameters():
        parameter.grad = torch.empty_like(parameter).copy_(torch.randn(parameter.shape, generator=generator))


def as_matrix(weight: Tensor) -> Tensor:
    """A convolution (out, in, h, w) as (out, h · w · in), copied number by number; a matrix as it is."""
    if weight.ndim == 2:
        return weight.detach()
    return torch.stack([torch.stack([one[c, i, j] for i in range(one.shape[1]) for j in range(one.shape[2])
                                     for c in range(one.shape[0])]) for one in weight.detach()])  # fmt: skip


@pytest.mark.parametrize("slug", [one.slug for one in MECHANISMS])
def test_every_weight_is_in_exactly_one_optimizer(slug: str) -> None:
    module = model(slug)
    optimizers = Optimizers(module, RECIPE)
    places = [p.data_ptr() for part in optimizers.parts for group in part.param_groups for p in group["params"]]
    assert sorted(places) == sorted(parameter.data_ptr() for parameter in module.parameters())
    adam, muon = optimizers.parts
    hidden = [parameter for parameter in module.parameters() if parameter.ndim == 4]
    for block in (child for child in module.modules() if isinstance(child, TransformerBlock)):
        hidden += [child.weight for child in block.modules() if isinstance(child, nn.Linear)]
    assert {p.data_ptr() for p in muon.param_groups[0]["params"]} == {p.data_ptr() for p in hidden}
    for group in adam.param_groups:
        for parameter in group["params"]:
            assert group["weight_decay"] == (0.1 if parameter.ndim > 1 else 0)
    (only,) = Optimizers(module, replace(RECIPE, muon=False)).parts
    assert sum(len(group["params"]) for group in only.param_groups) == len(list(module.parameters()))


def test_a_matrix_is_a_view_of_its_convolution_even_after_weights_are_loaded() -> None:
    module = model()
    optimizers = Optimizers(module, RECIPE)
    other = model("cbam")
    nn.init.normal_(other.stem[0].weight)
    module.load_state_dict({name: tensor.contiguous() for name, tensor in other.state_dict().items()})
    for parameter, view in optimizers.pairs:
        assert view.data_ptr() == parameter.data_ptr() and torch.equal(view, as_matrix(parameter))
    parameter, view = optimizers.pairs[0]
    view[3, 5] = 77.0  # row 3: third number of the kernel's second place, for three channels
    assert parameter[3, 2, 0, 1] == 77.0


def test_convolutions_in_another_memory_layout_are_refused() -> None:
    with pytest.raises(RuntimeError, match="channels_last"):
        Optimizers(Backbone(mechanism("plain"), 3, (8, 8, 16, 16), 32), RECIPE)


def orthogonal(matrix: Tensor, steps: int = 4) -> Tensor:
    """Newton and Schulz's quintic iteration on a matrix scaled to norm one (Jordan et al., 2024), in float64."""
    x = matrix.T if matrix.shape[0] > matrix.shape[1] else matrix
    x = x / x.norm()
    for _ in range(steps):
        square = x @ x.T
        x = 3.4445 * x + (-4.7750 * square + 2.0315 * square @ square) @ x
    return x.T if matrix.shape[0] > matrix.shape[1] else x


@pytest.mark.parametrize("slug", ["cbam", "transformer"])
def test_a_step_is_what_the_papers_say(slug: str) -> None:
    module = model(slug)
    before = {name: parameter.detach().double().clone() for name, parameter in module.named_parameters()}
    optimizers = Optimizers(module, RECIPE)
    push(module, seed=1)
    gradients = {name: parameter.grad.double().clone() for name, parameter in module.named_parameters()}
    optimizers.step(0.01)
    for name, parameter in module.named_parameters():
        old, gradient = before[name], gradients[name]
        if parameter.ndim == 4 or (parameter.ndim == 2 and name.startswith("block")):
            # Nesterov's momentum of 0.95 from a first gradient g: (1 - m) g, then (1 - m) g + m (1 - m) g.
            matrix = as_matrix(gradient) * 0.05 * 1.95
            update = orthogonal(matrix) * 0.2 * math.sqrt(max(matrix.shape))
            expected = as_matrix(old) * (1 - 0.01 * 0.1) - 0.01 * update
            reach = 0.03 * 0.01 * float(update.abs().max())  # Muon iterates in bfloat16
            assert (as_matrix(parameter).double() - expected).abs().max() < reach, name
        else:
            decay = 0.1 if parameter.ndim > 1 else 0
            expected = old * (1 - 0.01 * decay) - 0.01 * gradient / (gradient.abs() + 1e-8)  # Adam's first step
            torch.testing.assert_close(parameter.detach().double(), expected, rtol=1e-5, atol=1e-7)
        assert parameter.grad is None
    assert all(group["lr"] == 0.01 for part in optimizers.parts for group in part.param_groups)


def test_the_state_goes_through_a_file_and_on_to_the_same_weights() -> None:
    module = model()
    optimizers = Optimizers(module, RECIPE)
    for seed in range(3):
        push(module, seed)
        optimizers.step(0.01)
    file = io.BytesIO()
    torch.save(optimizers.state_dict(), file)
    copy = deepcopy(module)
    resumed, restarted = Optimizers(copy, RECIPE), Optimizers(deepcopy(module), RECIPE)
    resumed.load_state_dict(torch.load(io.BytesIO(file.getvalue()), weights_only=True))
    for seed in range(3, 5):
        for one, each in ((module, optimizers), (copy, resumed)):
            push(one, seed)
            each.step(0.005)
    assert all(torch.equal(a, b) for a, b in zip(module.parameters(), copy.parameters(), strict=True))
    with pytest.raises(ValueError):
        restarted.load_state_dict(optimizers.state_dict()[:1])


def test_plateau_stays_at_its_peak_for_most_of_the_run() -> None:
    rates = [plateau(step / 1000, 0.5) for step in range(1001)]
    assert rates[0] == pytest.approx(0.02) and rates[-1] == 0 and max(rates) == 0.5
    assert all(rate == 0.5 for rate in rates[50:667]) and rates[25] == pytest.approx(0.26)
    assert rates[800] == pytest.approx(0.3) and rates[900] == pytest.approx(0.15)


def test_one_cycle_rises_in_a_quarter_and_falls_to_nothing() -> None:
    rates = [one_cycle(step / 1000, 0.5) for step in range(1001)]
    assert rates[0] == pytest.approx(0.02) and max(rates) == rates[250] == pytest.approx(0.5)
    assert rates[-1] == pytest.approx(0, abs=1e-12)
    assert rates[:251] == sorted(rates[:251]) and rates[250:] == sorted(rates[250:], reverse=True)
    assert max(abs(b - a) for a, b in pairwise(rates)) < 0.003  # no jump
    assert rates[125] == pytest.approx((0.02 + 0.5) / 2)  # a straight line up
    for done in (0.4, 0.625, 0.9):  # half a cosine down
        assert one_cycle(done, 0.5) == pytest.approx(0.5 * math.cos(math.pi / 2 * (done - 0.25) / 0.75) ** 2)
