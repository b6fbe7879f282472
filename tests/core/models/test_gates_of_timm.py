"""Gates of timm in more detail: their grid behind a stride, weights of rows and columns, and bilinear attention."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import timm
import torch
from timm.layers import BatNonLocalAttn, SelectiveKernel, SplitAttn
from timm.layers.coord_attn import CoordAttn, EfficientLocalAttn, SimpleCoordAttn, StripAttn
from timm.models.ghostnet import GhostModuleV2
from timm.models.hgnet import EseModule
from torch import Tensor, nn
from transformers.models.pp_lcnet.modeling_pp_lcnet import PPLCNetSqueezeExcitationModule

import core
from core.attention.tap import listen, steer
from core.kinds import Kind
from core.models.seam.forwards import detach
from core.types import ModelCard, Picture
from tests.conftest import redraw

CARD = ModelCard("own/x", "x", "plain", tuple("abcde"), size=32)


class Gated(nn.Module):
    """A gate behind one convolution to 8 × 8 cells."""

    def __init__(self, gate: nn.Module):
        super().__init__()
        self.patch, self.gate, self.head = nn.Conv2d(3, 16, 4, 4), gate, nn.Linear(16, 5)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.gate(self.patch(x)).mean((2, 3)))


STRIDED: dict[str, Callable[[], nn.Module]] = {
    "selective kernel": lambda: SelectiveKernel(16, 16, stride=2),
    "split attention": lambda: SplitAttn(16, 16, radix=2, stride=2),
    "split attention of one": lambda: SplitAttn(16, 16, radix=1, stride=2),
}


@pytest.mark.parametrize("name", STRIDED)
def test_a_gate_with_a_stride_lies_on_the_grid_that_it_multiplies(name: str, picture: Picture) -> None:
    found = core.adopt(redraw(Gated(STRIDED[name]()), 0).eval(), CARD, "cpu")
    sizes: list[torch.Size] = []
    handle = found.module.gate.register_forward_hook(lambda _, __, y: sizes.append(y.shape[-2:]))
    (one,) = core.read(found, picture).maps
    handle.remove()
    assert set(sizes) == {(4, 4)} and one.grid == (4, 4)


def test_the_gates_of_a_strided_block_have_the_grid_of_its_features() -> None:
    found = core.adopt(redraw(timm.create_model("skresnet18", num_classes=5), 0).eval(), None, "cpu")
    sides: dict[str, int] = {}
    for name in found.taps:
        part = found.module.get_submodule(name)
        part.register_forward_hook(lambda _, __, y, name=name: sides.__setitem__(name, y.shape[-1]))
    with torch.no_grad(), listen() as records:
        found.module(torch.rand(1, 3, 224, 224))
    grids = {name: records[tap].grid[0] for name, tap in found.taps.items()}
    assert grids == sides and grids["layer2.0.conv1"] == 28


EACH: dict[str, tuple[Callable[[], nn.Module], Kind, tuple[int, ...]]] = {
    "CoordAttn": (lambda: CoordAttn(16), Kind.FEATURE, (16, 8, 8)),
    "CoordAttn with skip": (lambda: CoordAttn(16, has_skip=True), Kind.FEATURE, (16, 8, 8)),
    "SimpleCoordAttn": (lambda: SimpleCoordAttn(16), Kind.FEATURE, (16, 8, 8)),
    "EfficientLocalAttn": (lambda: EfficientLocalAttn(16), Kind.FEATURE, (16, 8, 8)),
    "StripAttn": (lambda: StripAttn(16), Kind.FEATURE, (16, 8, 8)),
    "GhostModuleV2": (lambda: GhostModuleV2(16, 16), Kind.FEATURE, (16, 4, 4)),
    "EseModule": (lambda: EseModule(16), Kind.CHANNEL, (16,)),
    "PPLCNet": (lambda: PPLCNetSqueezeExcitationModule(16), Kind.CHANNEL, (16,)),
}
"""A gate, the kind of its weights and their shape."""


@pytest.mark.parametrize("name", EACH)
def test_gates_show_the_weights_that_multiply_the_features(name: str, picture: Picture) -> None:
    make, kind, shape = EACH[name]
    module = redraw(Gated(make()), 0).eval()
    found = core.adopt(module, CARD, "cpu")
    x = found.prepare(picture)
    (one,) = core.read(found, picture).maps
    assert (one.kind, one.weights.shape) == (kind, shape)
    weights = torch.from_numpy(one.weights.copy())
    with torch.no_grad():
        expected, features = module(x), module.patch(x)
        if shape == (16, 8, 8):
            skip = getattr(module.gate, "has_skip", False) * features
            torch.testing.assert_close(module.gate(features), features * weights + skip, rtol=1e-5, atol=1e-5)
        with steer(found.module, {"gate": lambda _, own: own * 0}):
            closed = found.module(x)
        torch.testing.assert_close(found.module(x), expected, rtol=1e-5, atol=1e-5)
    left = features.mean((2, 3)) if getattr(module.gate, "has_skip", False) else torch.zeros(1, 16)
    torch.testing.assert_close(closed, module.head(left), rtol=1e-4, atol=1e-5)


def test_crossed_gates_without_a_sigmoid_are_left_alone() -> None:
    found = core.adopt(redraw(Gated(CoordAttn(16, gate_layer="hard_sigmoid")), 0).eval(), CARD, "cpu")
    assert not found.taps


def test_bilinear_attention_shows_the_weights_of_blocks(picture: Picture) -> None:
    """The map is found again by impulses: what one block of the picture adds to another."""
    module = redraw(Gated(BatNonLocalAttn(16, block_size=4, groups=2, rd_channels=4)), 0).eval()
    found = core.adopt(module, CARD, "cpu")
    (one,) = core.read(found, picture).maps
    assert (one.tap, one.kind, one.grid, one.weights.shape) == ("gate.ba", Kind.PAIRWISE, (4, 4), (2, 16, 16))
    np.testing.assert_allclose(one.weights.sum(-1), 1, atol=1e-5)
    x, part = found.prepare(picture), module.gate.ba
    inputs: list[Tensor] = []
    mixed: list[Tensor] = []
    handles = [
        part.register_forward_pre_hook(lambda _, given: inputs.append(given[0])),
        part.conv2.register_forward_pre_hook(lambda _, given: mixed.append(given[0])),
    ]
    with torch.no_grad():
        expected = module(x)
    for handle in handles:
        handle.remove()
    features = inputs[0][0]  # (4, 8, 8): two channels of each group, blocks of 2 × 2 cells
    by_hand = torch.zeros_like(features)
    for channel in range(4):
        for query in range(16):
            for key in range(16):
                (i, k), (j, m) = divmod(query, 4), divmod(key, 4)
                block = features[channel, 2 * j : 2 * j + 2, 2 * m : 2 * m + 2]
                by_hand[channel, 2 * i : 2 * i + 2, 2 * k : 2 * k + 2] += (
                    float(one.weights[channel // 2, query, key]) * block
                )
    torch.testing.assert_close(by_hand, mixed[0][0], rtol=1e-4, atol=1e-5)
    with torch.no_grad(), listen():
        torch.testing.assert_close(found.module(x), expected, rtol=1e-5, atol=1e-5)
    part = found.module.gate.ba
    detach(found.module, part.tap)
    assert part.forward.__func__ is type(part).forward and not core.read(found, picture).maps


def test_the_bilinear_attention_of_a_model_of_timm_is_shown() -> None:
    found = core.adopt(redraw(timm.create_model("bat_resnext26ts", num_classes=5), 0).eval(), None, "cpu")
    assert len(found.taps) == 8 and all(tap.kind == Kind.PAIRWISE for tap in found.taps.values())
