"""Maps whose queries are not their keys: one query for the whole picture, and keys that were pooled."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import timm
import torch
from torch import Tensor, nn

import core
from core.models.seam.planes import numbered, unpadded
from core.types import ModelCard, Picture
from tests.benchmarks.coverage_models import of_transformers
from tests.conftest import redraw

CONTEXT = ("gcresnet33ts", pytest.param("gcresnet50t", marks=pytest.mark.slow))


def given(module: nn.Module, parts: list[str], x: Tensor) -> list[Tensor]:
    """What these parts of a module take in a forward pass."""
    found: list[Tensor] = []
    handles = [module.get_submodule(one).register_forward_pre_hook(lambda _, x: found.append(x[0])) for one in parts]
    with torch.no_grad():
        module(x)
    for handle in handles:
        handle.remove()
    return found


@pytest.mark.parametrize("name", CONTEXT)
def test_every_global_context_has_its_map(name: str, picture: Picture) -> None:
    """The weights of each block are the softmax of a 1 × 1 convolution over the cells of its input."""
    module = redraw(timm.create_model(name, num_classes=5), 1).eval()
    blocks = [path for path, part in module.named_modules() if type(part).__name__ == "GlobalContext"]
    found = core.adopt(module, device="cpu")
    maps = core.read(found, picture).maps
    assert found.card.mechanism == "attention-pooling"  # one query for the whole picture, not one for each patch
    assert [one.tap for one in maps] == blocks and not any("No attention map" in note for note in found.notes)
    for block, map_, y in zip(blocks, maps, given(module, blocks, found.prepare(picture)), strict=True):
        gate = module.get_submodule(block)
        with torch.no_grad():
            expected = gate.conv_attn(y).flatten().softmax(0).unflatten(0, map_.grid).numpy()
        np.testing.assert_allclose(core.to_grid(map_), expected, rtol=1e-3, atol=1e-6)


def test_pooled_keys_with_a_class_token_have_a_map(picture: Picture) -> None:
    """The last stage of CvT: patches and a class token over a coarser grid and the class token."""
    module = redraw(of_transformers("Cvt"), 1).eval()
    found = core.adopt(module, device="cpu")
    layers = [path for path, part in module.named_modules() if type(part).__name__ == "CvtSelfAttention"]
    maps = core.read(found, picture).maps
    assert [one.tap for one in maps] == layers and maps[-1].prefix == ("class",)
    side = maps[-1].grid[0]
    assert maps[-1].weights.shape[1:] == (1 + 4 * side**2, 1 + side**2)
    drops = [f"{one}.dropout" for one in layers]
    for map_, weights in zip(maps, given(module, drops, found.prepare(picture)), strict=True):
        np.testing.assert_allclose(map_.weights, weights[0].numpy(), rtol=1e-3, atol=1e-6)
    rest = weights[0, :, 0, 1:].mean(0).unflatten(0, (side, side)).numpy()  # the row of the class token
    np.testing.assert_allclose(core.to_grid(maps[-1]), rest, rtol=1e-3, atol=1e-6)


@pytest.mark.slow
def test_every_window_of_gc_vit_has_a_map_of_its_cells(picture: Picture) -> None:
    """Every second block has queries of the whole picture; what they find is added to features in windows."""
    module = redraw(timm.create_model("gcvit_xxtiny", num_classes=5), 1).eval()
    found = core.adopt(module, device="cpu")
    assert not [note for note in found.notes if "No attention map" in note]
    taps = [path for path, part in module.named_modules() if type(part).__name__ == "WindowAttentionGlobal"]
    maps = [one for one in core.read(found, picture).maps if one.kind.compares]
    assert [one.tap for one in maps] == taps
    drops = [f"{one}.attn_drop" for one in taps]
    for map_, weights in zip(maps, given(module, drops, found.prepare(picture)), strict=True):
        own = weights.numpy() if map_.cells is not None else weights[0].numpy()
        np.testing.assert_allclose(map_.weights, own, rtol=1e-3, atol=1e-6)
        if map_.cells is not None:  # windows of 7 × 7 cells, row by row
            (height, width), cells = map_.grid, np.arange(np.prod(map_.grid)).reshape(map_.grid)
            expected = cells.reshape(height // 7, 7, width // 7, 7).swapaxes(1, 2).reshape(-1, 49)
            np.testing.assert_array_equal(map_.cells, expected)


class Padded(nn.Module):
    """Convolutions padded on one side, with the stride 1 and 2, and attention over the patches after them."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 8, 8)
        self.same, self.halved = nn.Conv2d(8, 8, 2), nn.Conv2d(8, 8, 3, 2)
        self.head = nn.Linear(8, 5)

    def forward(self, x: Tensor) -> Tensor:
        y = self.stem(x)
        y = self.same(nn.functional.pad(y, (0, 1, 0, 1)))
        y = self.halved(nn.functional.pad(y, (0, 1, 0, 1))).flatten(2).transpose(1, 2)
        return self.head(nn.functional.scaled_dot_product_attention(y, y.roll(1, 2), y).mean(1))


def test_a_convolution_padded_by_a_function_keeps_the_patches(picture: Picture) -> None:
    card = ModelCard("own/padded", "padded", "transformer", tuple("abcde"), size=64)
    found = core.adopt(redraw(Padded(), 1).eval(), card, "cpu")
    (map_,) = core.read(found, picture).maps
    assert map_.grid == (4, 4) and map_.weights.shape == (1, 16, 16)
    assert not [note for note in found.notes if "No attention map" in note]


def test_features_that_were_only_padded_are_no_whole_grid() -> None:
    plane = torch.nn.functional.pad(numbered(2, (4, 4)).view(2, 1, 4, 4), (0, 2, 0, 2))
    assert unpadded(plane, (4, 4), 3).shape == (2, 1, 4, 4) and unpadded(plane, (4, 4), 2) is plane


class Summarized(nn.Module):
    """Windows with the same queries, of a coarser grid, whose results are added to the features; then plain windows."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 8, 8)
        self.head = nn.Linear(8, 5)

    def forward(self, x: Tensor) -> Tensor:
        y = self.stem(x)
        query = nn.functional.max_pool2d(y, 2).flatten(2).transpose(1, 2)  # (b, 16, 8)
        y = y.unflatten(3, (2, 4)).unflatten(2, (2, 4)).permute(0, 2, 4, 3, 5, 1).flatten(3, 4).flatten(1, 2)
        y = y.flatten(0, 1)  # (4 b, 16, 8)
        asked = query.repeat_interleave(4, 0)
        y = y + nn.functional.scaled_dot_product_attention(asked[:, None], y[:, None], y[:, None])[:, 0]
        own = nn.functional.scaled_dot_product_attention(y[:, None], y[:, None].roll(1, 3), y[:, None])[:, 0]
        return self.head((y + own).unflatten(0, (-1, 4)).mean((1, 2)))


def test_a_summary_added_to_the_features_keeps_their_cells(picture: Picture) -> None:
    card = ModelCard("own/summarized", "summarized", "transformer", tuple("abcde"), size=64)
    found = core.adopt(redraw(Summarized(), 1).eval(), card, "cpu")
    maps = core.read(found, picture).maps
    cells = np.arange(64).reshape(2, 4, 2, 4).swapaxes(1, 2).reshape(4, 16)
    assert len(maps) == 2 and not [note for note in found.notes if "No attention map" in note]
    for map_ in maps:
        assert map_.grid == (8, 8) and map_.cells is not None
        np.testing.assert_array_equal(map_.cells, cells)


@pytest.mark.parametrize(("kind", "count"), [("Levit", "layers.0.module:"), ("MobileViT", "and 1 more:")])
def test_attention_with_one_key_for_each_query_is_stated(kind: str, count: str) -> None:
    """The last grid of LeViT has one patch, and each of the last windows of MobileViT."""
    found = core.adopt(redraw(of_transformers(kind), 1).eval(), device="cpu")
    told = [str(note) for note in found.notes if "No attention map of" in str(note)]
    assert len(told) == 1 and count in told[0]
    assert told[0].endswith("each of its queries has only one key, so the weight is always one.")


LINEAR = {
    "lambda_resnet26t": ("timm", "self_attn", "it sums the values up in one matrix (lambda), by which each query"),
    "mobilevitv2_050": ("timm", "attn", "a softmax gives each position one weight, and the sum of the keys"),
    "efficientvim_m1": ("timm", "mixer", "it is a state space model, which sums the positions up in hidden states"),
    "nextvit_small": ("timm", "e_mhsa", "each of its keys is the mean of patches that follow each other"),
    "csatv2": ("timm", "attn", "its softmax compares the pictures of a batch with each other, not positions"),
    "MobileViTV2": ("transformers", "attention", "a softmax gives each position one weight, and the sum of the keys"),
}
"""Attention without weights between positions: the library, the name of its modules, and what they have instead."""
SMALL = {
    "efficientvim_m1": {"embed_dim": (16, 24, 32), "depths": (1, 1, 1)},
    "nextvit_small": {"depths": (1, 4, 5, 2)},
    "csatv2": {"dims": (8, 16, 24, 32), "depths": (1, 1, 2, 2), "transformer_depths": (0, 0, 1, 1)},
}
OTHERS = {"csatv2": 2, "efficientvim_m1": 2, "nextvit_small": 1}
"""The other maps of models of which not every attention is of this kind."""


@pytest.mark.parametrize("name", LINEAR)
def test_attention_without_weights_between_positions_states_what_it_has_instead(name: str) -> None:
    library, owner, why = LINEAR[name]
    make = (
        of_transformers
        if library == "transformers"
        else partial(timm.create_model, num_classes=5, **SMALL.get(name, {}))
    )
    module = redraw(make(name), 1).eval()
    found = core.adopt(module, None, "cpu")
    told = [str(note) for note in found.notes if "No attention map of" in str(note)]
    assert len(found.taps) == OTHERS.get(name, 0) and len(told) == 1 and why in told[0]
    assert told[0].removeprefix("No attention map of ").split(", ")[0].rpartition(".")[2].startswith(owner)
