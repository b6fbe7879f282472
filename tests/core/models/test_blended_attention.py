"""Weights by position are added to attention after its softmax: the map is the sum, which multiplies the values."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import timm
import torch
from torch import Tensor, nn

import core
from core.types import ModelCard, Picture
from tests.conftest import redraw

CARD = ModelCard("own/x", "x", "transformer", tuple("abcde"), size=64)


def convit() -> nn.Module:
    return redraw(timm.create_model("convit_tiny", num_classes=5, img_size=64, depth=4, local_up_to_layer=3), 1).eval()


def run(module: nn.Module, x: Tensor, change: Callable[[Tensor], Tensor] | None = None) -> tuple[Tensor, Tensor]:
    """The logits (1, k) of ConViT, and the weights of its third block (1, heads, n, m), which ``change`` replaces."""
    kept: list[Tensor] = []

    def keep(_: nn.Module, __: object, weights: Tensor) -> Tensor | None:
        kept.append(weights.clone())
        return None if change is None else change(weights)

    handle = module.blocks[2].attn.attn_drop.register_forward_hook(keep)
    with torch.no_grad():
        y = module(x)
    handle.remove()
    return y, kept[0]


def test_convits_maps_are_those_that_multiply_the_values(picture: Picture) -> None:
    """They contain both the attention by content and that by position, by the gate of each head."""
    module = convit()
    found = core.adopt(module, CARD, "cpu")
    assert list(found.taps) == [f"blocks.{number}.attn" for number in range(4)]
    reading = core.read(found, picture)
    logits, weights = run(module, found.prepare(picture))
    np.testing.assert_array_equal(reading.logits, logits[0])
    np.testing.assert_array_equal(reading.maps[2].weights, weights[0])
    assert all(np.abs(one.weights.sum(-1) - 1).max() < 1e-5 for one in reading.maps)
    assert "No attention map" not in " ".join(map(str, found.notes))
    told = "The model mixes the attention of blocks.0.attn, blocks.1.attn and 1 more with weights by position."
    assert any(str(note).startswith(told) for note in found.notes)
    assert not any("attn_drop" in str(note) for note in found.limits)


def test_a_head_of_convit_is_switched_off_after_the_mixing(picture: Picture) -> None:
    module = convit()
    found = core.adopt(module, CARD, "cpu")
    off = core.intervene(found, picture, {"blocks.2.attn": core.off(head=1)})

    def without(weights: Tensor) -> Tensor:
        return torch.stack([0 * one if head == 1 else one for head, one in enumerate(weights[0])])[None]

    logits, _ = run(module, found.prepare(picture), without)
    np.testing.assert_allclose(off.probabilities, logits.softmax(-1)[0], atol=1e-6)


class Positions(nn.Module):
    """Attention over 4 × 4 patches with weights by position added after the softmax, and not divided by their sum."""

    def __init__(self) -> None:
        super().__init__()
        self.patch, self.qkv, self.head = nn.Conv2d(3, 8, 16, 16), nn.Linear(8, 24), nn.Linear(8, 5)
        self.near = nn.Parameter(torch.rand(16, 16))

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.qkv(self.patch(x).flatten(2).transpose(1, 2)).chunk(3, -1)
        weights = (q @ k.transpose(-2, -1)).softmax(-1) + self.near
        return self.head((weights @ v).mean(1))


def test_a_sum_whose_rows_do_not_sum_to_one_has_no_map() -> None:
    found = core.adopt(redraw(Positions(), 1).eval(), CARD, "cpu")
    assert not found.taps
    assert any("it adds other weights after its softmax" in str(note) for note in found.notes)


@pytest.mark.parametrize("name", ["test_vit", "test_vit_relpos"])
def test_weights_by_position_before_the_softmax_are_no_mixing(name: str) -> None:
    found = core.adopt(redraw(timm.create_model(name, num_classes=5), 1).eval(), None, "cpu")
    assert found.taps and not any("weights by position" in str(note) for note in found.notes)
