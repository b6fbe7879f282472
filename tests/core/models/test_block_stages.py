"""Stages after blocks of attention: of nn.MultiheadAttention, of torch's encoders, and of parallel attention."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import timm
import torch
from torch import Tensor, nn

import core
from core.attention.tap import Tap
from core.models.seam.blocks import Patches, arrangement, block_of
from core.models.seam.forwards import Unfused, detach, watched
from core.models.seam.planes import OTHER, Trace, numbered
from core.models.seam.survey import survey
from core.types import ModelCard, Picture
from tests.benchmarks.coverage_models import of_open_clip
from tests.conftest import redraw

CARD = ModelCard("own/x", "x", "transformer", tuple("abcde"), size=64)


class Encoded(nn.Module):
    """torch's encoder over 4 × 4 patches, with or without the batch first."""

    def __init__(self, first: bool):
        super().__init__()
        self.patch, self.first = nn.Conv2d(3, 16, 16, 16), first
        layer = nn.TransformerEncoderLayer(16, 2, 32, batch_first=first)
        self.encoder, self.head = nn.TransformerEncoder(layer, 3), nn.Linear(16, 5)
        self.place = nn.Parameter(torch.zeros(1, 16, 16))

    def forward(self, x: Tensor) -> Tensor:
        y = self.patch(x).flatten(2).transpose(1, 2) + self.place
        y = self.encoder(y if self.first else y.transpose(0, 1))
        return self.head(y.mean(1 if self.first else 0))


def parallel(name: str) -> nn.Module:
    return timm.create_model(name, num_classes=5, img_size=64, depth=3, embed_dim=32, num_heads=2, init_values=0.5)


MODELS: dict[str, tuple[Callable[[], nn.Module], list[str], int, bool]] = {
    "open_clip": (lambda: of_open_clip("ViT"), ["visual.transformer.resblocks.0"], 8, False),
    "torch's encoder": (lambda: Encoded(True), [f"encoder.layers.{n}" for n in (0, 1, 2)], 4, False),
    "torch's encoder, tokens first": (lambda: Encoded(False), [f"encoder.layers.{n}" for n in (0, 1, 2)], 4, True),
    "parallel branches": (lambda: parallel("vit_small_patch16_18x2_224"), ["blocks.0", "blocks.1"], 4, False),
    "two softmaxes": (lambda: parallel("vit_dpwee_patch16_reg1_gap_256"), [f"blocks.{n}" for n in (0, 1, 2)], 4,
                      False),
}  # fmt: skip
"""A model, its stages, the side of their grid, and whether tokens come before pictures.

Where only the class token is read after the last block, this is no stage.
"""


@pytest.mark.parametrize("name", MODELS)
def test_each_block_is_a_stage(name: str, picture: Picture) -> None:
    make, blocks, side, turned = MODELS[name]
    found = core.adopt(redraw(make(), 3).eval(), CARD, "cpu")
    assert [one for one in found.stages if one.split(".")[-2] in ("resblocks", "layers", "blocks")] == blocks
    last = "visual.transformer.resblocks.1" if name == "open_clip" else "blocks.2" if name.startswith("par") else ""
    read = "after it, the model reads only its class token, so its patch tokens do not affect the prediction"
    said = [str(note) for note in found.limits if read in str(note)]
    assert said == ([f"No Grad-CAM of {last}: {read}."] if last else [])
    for stage in blocks:
        one = core.attribute(found, picture, "grad-cam", 1, stage=stage)
        assert one.values.shape == (side, side)
        expected = by_hand(found, stage, picture, side, turned)
        np.testing.assert_allclose(one.values, expected, rtol=1e-3, atol=1e-6 * expected.max())


def by_hand(found: core.Classifier, stage: str, picture: Picture, side: int, turned: bool) -> np.ndarray:
    """Grad-CAM of the tokens after a block: the last of them are the patches."""
    kept: list[Tensor] = []
    handle = found.module.get_submodule(stage).register_forward_hook(lambda _, __, y: kept.append(y))
    with torch.enable_grad():
        score = found.module(found.prepare(picture).detach().requires_grad_())[0, 1]
    handle.remove()
    (slope,) = torch.autograd.grad(score, kept)
    tokens, slope = ((one[:, 0] if turned else one[0])[-side * side :] for one in (kept[0].detach(), slope))
    return (slope.mean(0) * tokens).sum(-1).relu().view(side, side).numpy()


class Stacked(nn.Module):
    """Two blocks in a row, within a module that keeps the shape as well."""

    def __init__(self) -> None:
        super().__init__()
        self.patch, self.head = nn.Conv2d(3, 16, 16, 16), nn.Linear(16, 5)
        layers = [nn.TransformerEncoderLayer(16, 2, 32, batch_first=True) for _ in range(2)]
        self.outer = nn.Sequential(nn.Sequential(*layers))

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.outer(self.patch(x).flatten(2).transpose(1, 2)).mean(1))


def test_blocks_in_a_row_are_not_parallel() -> None:
    module = redraw(Stacked(), 0).eval()
    found = survey(module, lambda: module(torch.rand(2, 3, 64, 64)), {})
    assert [block_of(call, found, found.calls) for call in found.calls] == ["outer.0.0", "outer.0.1"]


def test_a_tap_is_taken_out_of_attention_with_a_native_kernel() -> None:
    """The part, and the layer around it, run their own code again."""
    found = core.adopt(redraw(Encoded(True), 0), CARD, "cpu")
    layer = found.module.encoder.layers[1]
    part = layer.self_attn
    assert isinstance(vars(part)["forward"], Unfused) and watched(part).stage.module is layer
    detach(found.module, part.tap)
    for one, kind in ((part, nn.MultiheadAttention), (layer, nn.TransformerEncoderLayer)):
        assert one.forward.__func__ is kind.forward
    assert not any(isinstance(one, Tap) for one in layer.modules())
    assert watched(found.module.encoder.layers[0].self_attn) is not None


def test_tokens_of_a_part_of_the_picture_are_no_grid() -> None:
    """As in MobileViT, where the four pixels of each patch are pictures of a batch."""
    cells = numbered(2, (2, 2))

    def found(plane: Tensor) -> object:
        return arrangement(Trace((plane[..., None].expand(-1, -1, 3),), ((2, 2),)), 2)

    assert isinstance(found(cells), Patches)
    assert found(cells).turned is False and found(cells.T).turned is True
    assert found(cells.view(8, 1)) is None and found(cells.view(1, 8)) is None
    other = torch.full((2, 1), OTHER)
    assert found(torch.cat((other, cells, other), 1)).before == 1
    assert found(torch.cat((cells, cells), 1)) is None


@pytest.mark.parametrize(
    ("name", "settings", "wanted"),
    [
        ("xcit_nano_12_p8_224", {"depth": 3, "embed_dim": 32, "num_heads": 2}, ["blocks.0", "blocks.1", "blocks.2"]),
        ("coat_tiny", {"serial_depths": (1, 2, 1, 1), "embed_dims": (64, 64, 64, 64), "parallel_depth": 1,
                       "num_heads": 8}, ["serial_blocks1.0"]),
    ],
)  # fmt: skip
def test_blocks_whose_attention_has_no_map_are_stages(
    name: str, settings: dict[str, object], wanted: list[str], picture: Picture
) -> None:
    """Attention between channels, or of factorized keys: the patches after the block still lie on the picture."""
    module = redraw(timm.create_model(name, num_classes=5, **settings), 2).eval()
    found = core.adopt(module, None, "cpu")
    assert set(wanted) <= set(found.stages)
    assert not any("attn_drop" in str(note) for note in found.found.notes)
    stage = found.stages[wanted[0]]
    kept: list[Tensor] = []
    handle = stage.module.register_forward_hook(lambda _, __, y: kept.append(y))
    x = found.prepare(picture)
    score = found.module(x.detach().requires_grad_())[0, 1]
    handle.remove()
    (slope,) = torch.autograd.grad(score, kept)
    side = 28 if name.startswith("xcit") else 56
    tokens, slope = (one[0, -side * side :] for one in (kept[0].detach(), slope))
    expected = (slope.mean(0) * tokens).sum(-1).relu().view(side, side).numpy()
    one = core.attribute(found, picture, "grad-cam", 1, stage=wanted[0])
    np.testing.assert_allclose(one.values, expected, rtol=1e-3, atol=1e-5 * expected.max())
