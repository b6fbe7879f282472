"""The stages of hierarchical models of timm and transformers: one for each grid, and their Grad-CAM."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import timm
import torch
import transformers
from timm.layers.cbam import LightCbamModule
from torch import Tensor, nn

import core
from core.models.seam.planes import Trace, numbered, pooled
from core.types import ModelCard, Picture
from tests.conftest import redraw
from tests.core.models.saved_models import LABELS, NAMED, logits_of

HIDDEN = {"hidden_sizes": [8, 16, 24, 32], "depths": [1, 1, 1, 1]}
SWIN = {"image_size": 64, "patch_size": 4, "embed_dim": 16, "depths": [2, 2, 1], "num_heads": [2, 2, 4],
        "window_size": 4}  # fmt: skip
KINDS: dict[str, tuple[dict[str, Any], tuple[int, ...]]] = {
    "Swin": (SWIN, (16, 8, 4)),
    "Swinv2": (SWIN, (16, 8, 4)),
    "Segformer": (HIDDEN | {"hidden_sizes": [16, 32, 40, 64]}, (56, 28, 14, 7)),
    "PvtV2": ({"image_size": 64, "hidden_sizes": [16, 32, 80, 64], "depths": [1, 1, 1, 1]}, (16, 8, 4, 2)),
    "ConvNextV2": (HIDDEN | {"image_size": 64}, (16, 8, 4, 2)),
    "ResNet": (HIDDEN | {"embedding_size": 8, "layer_type": "basic"}, (112, 56, 28, 14, 7)),
    "PoolFormer": (HIDDEN, (56, 28, 14, 7)),
    "Hiera": ({"embed_dim": 16, "image_size": [64, 64], "depths": [1, 2], "num_heads": [2, 4], "num_query_pool": 1,
               "query_stride": [2, 2], "masked_unit_size": [4, 4], "patch_stride": [4, 4], "patch_kernel": [7, 7]},
              (16, 8)),
}  # fmt: skip
"""A small configuration of each architecture, and the sides of its grids."""


def made(kind: str) -> nn.Module:
    config = getattr(transformers, f"{kind}Config")(**KINDS[kind][0], **NAMED)
    return redraw(getattr(transformers, f"{kind}ForImageClassification")(config), 2).eval()


@pytest.mark.parametrize("kind", KINDS)
def test_each_grid_of_a_model_of_transformers_is_a_stage(kind: str, picture: Picture):
    module = made(kind)
    classifier = core.adopt(module, None, "cpu")
    x = classifier.prepare(picture)
    with torch.no_grad():
        assert torch.allclose(classifier.scores(x), logits_of(module)(x), atol=1e-5)
    maps = [core.attribute(classifier, picture, "grad-cam", stage=name) for name in classifier.stages]
    assert tuple(one.values.shape[0] for one in maps) == KINDS[kind][1]
    assert all(one.values.shape[0] == one.values.shape[1] and np.isfinite(one.values).all() for one in maps)
    assert not any("relative_position_bias" in one for one in map(str, classifier.found.notes))


def test_grad_cam_of_a_block_that_returns_several_tensors_is_that_by_hand(picture: Picture):
    module = made("Swin")
    classifier = core.adopt(module, None, "cpu")
    name = list(classifier.stages)[1]
    found = core.attribute(classifier, picture, "grad-cam", target=1, stage=name).values
    kept: list[Tensor] = []
    handle = module.get_submodule(name).register_forward_hook(lambda _, __, y: kept.append(y[0]))
    with torch.enable_grad():
        score = module(classifier.prepare(picture).detach().requires_grad_()).logits[0, 1]
    handle.remove()
    (tokens,), (slope,) = kept, torch.autograd.grad(score, kept)  # (1, 64, c)
    expected = (slope.mean(1, keepdim=True) * tokens).sum(-1).relu().view(8, 8).detach().numpy()
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-6 * expected.max())


def test_the_tokens_of_hiera_lie_at_their_cells(picture: Picture):
    """Hiera puts its tokens in another order than that of the rows; the stage has them at their place again."""
    small = {"embed_dim": 16, "num_heads": 1, "stages": (1, 2, 2, 1)}
    classifier = core.adopt(redraw(timm.create_model("hiera_tiny_224", num_classes=3, **small), 1), None, "cpu")
    stage = classifier.stages["blocks.0"]
    place = torch.arange(56 * 56, dtype=torch.float32).view(1, 56, 56, 1)
    unrolled = classifier.module.get_submodule("unroll")(place.flatten(1, 2))
    assert not torch.equal(unrolled, place.flatten(1, 2))
    assert torch.equal(stage.arrange(unrolled)[0, 0], place[0, ..., 0])
    assert not [one for one in classifier.notes if "attention map" in str(one)]  # pooled queries have maps too


def test_pooled_tokens_are_cells_of_a_coarser_grid():
    """The largest of 2 × 2 neighbors, in any order of tokens; not of cells that are no neighbors."""
    fine = numbered(2, (4, 6)).view(2, 4, 6)
    blocks = fine.view(2, 2, 2, 3, 2).permute(0, 1, 3, 2, 4).reshape(2, 6, 4)  # rows of four neighbors
    found = pooled(Trace((blocks,), ((4, 6),)), -1, torch.zeros(2, 6))
    assert found is not None and found.grids == ((2, 3),) and torch.equal(found.planes[0], numbered(2, (2, 3)))
    assert pooled(Trace((fine,), ((4, 6),)), 2, torch.zeros(2, 4)) is None  # whole rows
    scattered = blocks[:, [0, 1, 2, 3, 4, 5]].view(2, 6, 2, 2).flip(1).reshape(2, 4, 6)
    assert pooled(Trace((scattered,), ((4, 6),)), -1, torch.zeros(2, 4)) is None
    assert pooled(Trace((blocks,), ((4, 6),)), None, torch.zeros(())) is None


class Gated(nn.Module):
    """A network with timm's light form of CBAM."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 16, 4, 4)
        self.cbam = LightCbamModule(16, rd_ratio=0.25)
        self.head = nn.Linear(16, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.cbam(self.stem(x)).mean((2, 3)))


def test_both_gates_of_light_cbam_have_taps(picture: Picture):
    module = redraw(Gated(), 5).eval()
    classifier = core.adopt(module, ModelCard("own/gated", "Gated", "cbam", LABELS, size=64), "cpu")
    x = classifier.prepare(picture)
    with torch.no_grad():
        features = module.stem(x)
        pooled_features = 0.5 * features.mean((2, 3), keepdim=True) + 0.5 * features.amax((2, 3), keepdim=True)
        gate = module.cbam.channel.fc2(module.cbam.channel.act(module.cbam.channel.fc1(pooled_features))).sigmoid()
        without = module.head(module.cbam.spatial(features).mean((2, 3)))[0]
        assert torch.equal(classifier.scores(x), module(x))
    reading = core.read(classifier, picture)
    assert [one.tap for one in reading.maps] == ["cbam.channel", "cbam.spatial"]
    np.testing.assert_allclose(reading.maps[0].weights, gate.flatten().numpy(), rtol=1e-6)
    off = core.intervene(classifier, picture, {"cbam.channel": core.OFF})
    np.testing.assert_allclose(off.logits, without.numpy(), rtol=1e-5)
