"""Masked attention is refused with the reason, however its arguments are given; masks that hide nothing are not."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import core
from core.types import ModelCard, Picture
from tests.conftest import redraw

CARD = ModelCard("own/x", "x", "transformer", tuple("abcde"), size=32)
Attend = Callable[[Tensor, Tensor, Tensor], Tensor]
sdpa = F.scaled_dot_product_attention
LOWER = torch.ones(16, 16, dtype=torch.bool).tril()
BIAS = torch.zeros(16, 16).masked_fill(~LOWER, -1e9)
HIDDEN: dict[str, Attend] = {
    "causal by name": lambda q, k, v: sdpa(q, k, v, is_causal=True),
    "causal by position": lambda q, k, v: sdpa(q, k, v, None, 0.0, True),
    "mask by name": lambda q, k, v: sdpa(q, k, v, attn_mask=LOWER),
    "mask by position": lambda q, k, v: sdpa(q, k, v, LOWER),
    "low addend by position": lambda q, k, v: sdpa(q, k, v, BIAS, 0.0),
    "all by name": lambda q, k, v: sdpa(query=q, key=k, value=v, is_causal=True),
}
OPEN: dict[str, Attend] = {
    "no mask by position": lambda q, k, v: sdpa(q, k, v, None, 0.0, False),
    "mask that hides nothing": lambda q, k, v: sdpa(q, k, v, torch.ones(16, 16, dtype=torch.bool), 0.0),
    "bias by position": lambda q, k, v: sdpa(q, k, v, BIAS.clamp(-1, 1), 0.0),
    "scale": lambda q, k, v: sdpa(query=q, key=k, value=v, scale=0.3),
}


class Masked(nn.Module):
    """One layer of attention over 4 × 4 patches."""

    def __init__(self, attend: Attend):
        super().__init__()
        self.patch, self.qkv, self.head = nn.Conv2d(3, 16, 8, 8), nn.Linear(16, 48), nn.Linear(16, 5)
        self.attend = attend

    def forward(self, x: Tensor) -> Tensor:
        y = self.qkv(self.patch(x).flatten(2).transpose(1, 2)).unflatten(-1, (3, 2, 8)).permute(2, 0, 3, 1, 4)
        return self.head(self.attend(*y).transpose(1, 2).flatten(2).mean(1))


@pytest.mark.parametrize("name", HIDDEN)
def test_hidden_keys_are_the_reason(name: str) -> None:
    found = core.adopt(redraw(Masked(HIDDEN[name]), 0), CARD)
    assert not found.taps
    assert [str(note) for note in found.notes if "attention" in note] == [
        "No attention map of Masked: its attention is masked: not every token attends to every other one."
    ]


@pytest.mark.parametrize("name", OPEN)
def test_attention_that_hides_nothing_has_its_map(name: str, picture: Picture) -> None:
    module = redraw(Masked(OPEN[name]), 0)
    found = core.adopt(module, CARD)
    (one,) = core.read(found, picture).maps
    q, k, _ = module.qkv(module.patch(found.prepare(picture)).flatten(2).transpose(1, 2)).unflatten(
        -1, (3, 2, 8)).permute(2, 0, 3, 1, 4)  # fmt: skip
    expected = module.attend(q, k, torch.eye(16).expand(1, 2, 16, 16))  # with values of one each: the weights
    torch.testing.assert_close(torch.from_numpy(one.weights.copy()), expected[0].detach(), rtol=1e-4, atol=1e-6)


class Padded(nn.Module):
    """nn.MultiheadAttention with some keys hidden from all queries."""

    def __init__(self, hidden: int):
        super().__init__()
        self.patch, self.head = nn.Conv2d(3, 16, 8, 8), nn.Linear(16, 5)
        self.attention, self.hidden = nn.MultiheadAttention(16, 2, batch_first=True), hidden

    def forward(self, x: Tensor) -> Tensor:
        y = self.patch(x).flatten(2).transpose(1, 2)
        padding = (torch.arange(16) < self.hidden).expand(len(y), -1)
        return self.head(self.attention(y, y, y, key_padding_mask=padding)[0].mean(1))


@pytest.mark.parametrize(("hidden", "taps"), [(0, 1), (3, 0)])
def test_padding_of_keys(hidden: int, taps: int) -> None:
    found = core.adopt(redraw(Padded(hidden), 0), CARD)
    assert len(found.taps) == taps and any("is masked" in note for note in found.notes) == (not taps)
