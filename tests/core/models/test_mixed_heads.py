"""Heads that are mixed after the softmax: a map of the weights before the mixing, and one after it."""

from __future__ import annotations

import numpy as np
import pytest
import timm
import torch
from torch import Tensor, nn

import core
from core import Kind, ModelCard, Picture
from core.attention import can_roll, share_off_grid
from core.attention.tap import Record, Tap, steer, uniform
from core.classifier import Classifier
from core.evaluation.checks import rows
from core.evaluation.sources import source_names
from core.types import AttentionMap
from tests.conftest import redraw

WIDTH, SIDE, CELLS, HEADS, DEPTH = 64, 4, 16, 2, 32
CARD = ModelCard("own/x", "x", "transformer", tuple("abcde"), size=64)
MIX, SHIFT = ((1.0, -2.0), (0.5, 3.0)), (0.125, -0.25)
"""What the heads after the mixing are made of, and the constant that is added to each."""
FAINT = 1e-4


@torch.no_grad()
def cait(planted: bool) -> nn.Module:
    """One block of patches and one of the class token; planted, head 0 attends to the next patch, head 1 to itself."""
    settings = {"img_size": 64, "embed_dim": WIDTH, "depth": 1, "num_heads": HEADS, "num_classes": 5}
    module = redraw(timm.create_model("cait_xxs24_224", **settings), 0).eval()
    if not planted:
        return module
    module.pos_embed.copy_(8 * torch.eye(WIDTH)[None, :CELLS])
    module.patch_embed.proj.weight.mul_(FAINT)
    module.patch_embed.proj.bias.zero_()
    block, attention = module.blocks[0], module.blocks[0].attn
    block.norm1.weight.fill_(1.0)
    block.norm1.bias.zero_()
    attention.qkv.weight[: 2 * WIDTH] = 0
    attention.qkv.bias.zero_()
    for head in range(HEADS):
        for cell in range(CELLS):
            attention.qkv.weight[head * DEPTH + (cell + 1 - head) % CELLS, cell] = 8.0
            attention.qkv.weight[WIDTH + head * DEPTH + cell, cell] = 1.0
    attention.proj_l.weight.copy_(torch.eye(HEADS))
    attention.proj_l.bias.zero_()
    attention.proj_w.weight.copy_(torch.tensor(MIX))
    attention.proj_w.bias.copy_(torch.tensor(SHIFT))
    return module


def both(found: Classifier, picture: Picture) -> tuple[AttentionMap, AttentionMap]:
    """The first map after a mixing, and the one before it."""
    maps = core.read(found, picture).maps
    at = next(number for number, one in enumerate(maps) if one.kind is Kind.MIXED)
    return maps[at - 1], maps[at]


def test_planted_mixing_gives_the_known_map_on_the_right_cells(picture: Picture) -> None:
    found = core.adopt(cait(True), CARD, "cpu")
    before, after = both(found, picture)
    assert (before.tap, after.tap) == ("blocks.0.attn", "blocks.0.attn.tap_mixed")
    assert before.grid == after.grid == (SIDE, SIDE) and after.weights.shape == before.weights.shape
    for cell in range(CELLS):
        following, own = np.eye(CELLS)[(cell + 1) % CELLS], np.eye(CELLS)[cell]
        for head, expected in enumerate((following, own)):
            np.testing.assert_allclose(core.to_grid(before, head, cell).ravel(), expected, atol=1e-4)
        for head in range(HEADS):
            mixed = MIX[head][0] * following + MIX[head][1] * own + SHIFT[head]
            np.testing.assert_allclose(core.to_grid(after, head, cell).ravel(), mixed, atol=1e-3)
    assert any("There is a map before the mixing and one after it." in str(note) for note in found.notes)
    assert found.taps[before.tap].remixed and not found.taps[after.tap].remixed


MADE = {
    "cait": lambda: (cait(False), CARD),
    "efficientformerv2": lambda: (
        redraw(timm.create_model("efficientformerv2_s0", num_classes=5), 0).eval(),
        ModelCard("own/x", "x", "transformer", tuple("abcde"), size=224),
    ),
}


@pytest.mark.parametrize("name", MADE)
def test_the_mixed_weights_are_those_by_loops_and_multiply_the_values(name: str, picture: Picture) -> None:
    module, card = MADE[name]()
    found = core.adopt(module, card, "cpu")
    with torch.no_grad():
        expected = module(found.prepare(picture))
    reading = core.read(found, picture)
    assert np.abs(reading.logits - expected[0].numpy()).max() < 1e-5 * np.ptp(expected.numpy())
    before, after = both(found, picture)
    owner = module.get_submodule(before.tap)
    mix = owner.proj_w if hasattr(owner, "proj_w") else owner.talking_head2
    factors, shift = mix.weight.detach().flatten(1).numpy().astype(float), mix.bias.detach().numpy()
    for head, row in enumerate(factors):
        by_hand = sum(factor * one for factor, one in zip(row, before.weights, strict=True)) + shift[head]
        np.testing.assert_allclose(after.weights[head], by_hand, rtol=1e-4, atol=1e-4 * np.ptp(by_hand))
    np.testing.assert_allclose(before.weights.sum(-1), 1, atol=1e-5)
    assert after.weights.min() < 0

    with torch.no_grad():
        mix.weight[0] = 0
        mix.bias[0] = 0
        edited = module(found.prepare(picture))[0]
    steered = core.intervene(found, picture, {after.tap: core.off(head=0)})
    assert np.abs(steered.logits - edited.numpy()).max() < 1e-5 * np.ptp(edited.numpy())
    assert np.abs(reading.logits - edited.numpy()).max() > 1e-3 * np.ptp(edited.numpy())


def test_mixed_weights_are_no_shares_of_attention(picture: Picture) -> None:
    found = core.adopt(cait(False), CARD, "cpu")
    reading = core.read(found, picture)
    before, after = both(found, picture)
    assert not can_roll(reading.maps) and share_off_grid(after) is None
    assert rows(found, after).passed is None and rows(found, before).passed
    names = source_names(found)
    assert f"attention/{before.tap}" in names and f"attention/{after.tap}" not in names
    for slug in ("attention", "gradient-x-attention"):
        core.attribute(found, picture, slug, tap=before.tap)
        with pytest.raises(core.InvalidInput):
            core.attribute(found, picture, slug, tap=after.tap)


def test_uniform_keeps_the_sum_of_each_mixed_row() -> None:
    weights = torch.randn(2, 3, 4, 5, generator=torch.Generator().manual_seed(1))
    flat = uniform(Tap(Kind.MIXED, softmax=False, off=0.0), weights)
    for place in np.ndindex(2, 3, 4):
        row = weights[place].tolist()
        assert flat[place].tolist() == pytest.approx([sum(row) / 5] * 5, abs=1e-6)


class Difference(nn.Module):
    """Each head's weights are the difference of two softmaxes, as in differential attention."""

    def __init__(self) -> None:
        super().__init__()
        self.patch, self.qkv, self.head = nn.Conv2d(3, 16, 8, 8), nn.Linear(16, 48), nn.Linear(16, 5)

    def forward(self, x: Tensor) -> Tensor:
        y = self.patch(x).flatten(2).transpose(1, 2)
        query, key, value = self.qkv(y).unflatten(-1, (3, 4, 4)).permute(2, 0, 3, 1, 4)
        weights = (query @ key.transpose(-1, -2)).softmax(-1).unflatten(1, (2, 2))
        weights = weights[:, :, 0] - 0.5 * weights[:, :, 1]
        y = y + (weights @ value.unflatten(1, (2, 2)).mean(2)).transpose(1, 2).flatten(2).repeat(1, 1, 2)
        return self.head(y.mean(1))


def test_the_difference_of_two_heads_is_shown_after_it(picture: Picture) -> None:
    module = redraw(Difference(), 0).eval()
    found = core.adopt(module, CARD, "cpu")
    before, after = both(found, picture)
    expected = [before.weights[2 * head] - 0.5 * before.weights[2 * head + 1] for head in range(2)]
    np.testing.assert_allclose(after.weights, expected, atol=1e-6)
    seen: list[Record] = []
    with torch.no_grad(), steer(found.module, {after.tap: lambda _, weights: seen.append(weights) or 0 * weights}):
        steered = found.module(found.prepare(picture))
        plain = module.head(module.patch(found.prepare(picture)).flatten(2).mean(2))
    assert len(seen) == 1 and torch.allclose(steered, plain, atol=1e-5)
