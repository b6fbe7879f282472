"""Maps whose queries are not their keys: one query for the whole picture, and keys that were pooled."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import timm
import torch
from torch import Tensor, nn

import core
from core.types import Picture
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
def test_gc_vit_states_which_windows_have_no_map_and_why(picture: Picture) -> None:
    """Windows share queries of the whole picture. Where these cannot be followed to cells, there is no map."""
    module = redraw(timm.create_model("gcvit_xxtiny", num_classes=5), 1).eval()
    found = core.adopt(module, device="cpu")
    refused = [note for note in found.notes if "No attention map" in note]
    assert len(refused) == 1 and refused[0].endswith(": the keys and queries of its windows differ.")
    assert "of stages.1.blocks.1.attn:" in refused[0]
    taps = [path for path, part in module.named_modules() if type(part).__name__ == "WindowAttentionGlobal"]
    maps = [one for one in core.read(found, picture).maps if one.kind.compares]
    assert [one.tap for one in maps] == [one for one in taps if one not in refused[0]]
    drops = [f"{one.tap}.attn_drop" for one in maps]
    for map_, weights in zip(maps, given(module, drops, found.prepare(picture)), strict=True):
        own = weights.numpy() if map_.cells is not None else weights[0].numpy()
        assert map_.weights.size == own.size
        np.testing.assert_allclose(np.sort(map_.weights.ravel()), np.sort(own.ravel()), rtol=1e-3, atol=1e-6)


LINEAR = {
    "lambda_resnet26t": ("timm", "self_attn", "it sums the values up in one matrix (lambda), by which each query"),
    "mobilevitv2_050": ("timm", "attn", "a softmax gives each position one weight, and the sum of the keys"),
    "MobileViTV2": ("transformers", "attention", "a softmax gives each position one weight, and the sum of the keys"),
}
"""Attention without weights between positions: the library, the name of its modules, and what they have instead."""


@pytest.mark.parametrize("name", LINEAR)
def test_attention_without_weights_between_positions_states_what_it_has_instead(name: str) -> None:
    library, owner, why = LINEAR[name]
    make = of_transformers if library == "transformers" else partial(timm.create_model, num_classes=5)
    module = redraw(make(name), 1).eval()
    found = core.adopt(module, None, "cpu")
    told = [str(note) for note in found.notes if "No attention map of" in str(note)]
    assert not found.taps and len(told) == 1 and why in told[0]
    assert told[0].removeprefix("No attention map of ").split(", ")[0].rpartition(".")[2].startswith(owner)
