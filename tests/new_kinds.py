"""Kinds of attention that Fovea does not know, each with a small mechanism: what a contributor would add."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from torch import Tensor, nn

import core
from core.attention import MECHANISMS, Mechanism
from core.attention.tap import Tap
from core.classifier import Classifier
from core.kinds import KINDS, Kind
from core.models.zoo import build, store, store_card
from core.types import ModelCard
from tests.conftest import CLASSES, SIZE, WIDTHS, redraw

RING = Kind("ring", ("ring", "row", "column"))
"""A map for each of three rings."""
GROUP = Kind("group", ("group",))
"""A weight for each of two groups of channels, without a position."""
SINGLE = Kind("single", ("query", "key"))
"""Tokens compared with each other once, without heads."""


class RingGate(nn.Module):
    """Multiplies (b, c, h, w) by the mean over rings of weights (b, 3, h, w) in 0..1."""

    def __init__(self, channels: int):
        super().__init__()
        self.score = nn.Conv2d(channels, 3, 1)
        self.tap = Tap(RING, softmax=False, off=1.0)

    def forward(self, x: Tensor) -> Tensor:
        return x * self.tap(self.score(x).sigmoid(), x.shape[-2:]).mean(1, keepdim=True)


class GroupGate(nn.Module):
    """Multiplies each half of the channels of (b, c, h, w) by its weight, (b, 2)."""

    def __init__(self, channels: int):
        super().__init__()
        self.score = nn.Linear(channels, 2)
        self.tap = Tap(GROUP, softmax=False, off=1.0)

    def forward(self, x: Tensor) -> Tensor:
        weights = self.tap(self.score(x.mean((2, 3))).sigmoid(), x.shape[-2:])
        return x * weights.repeat_interleave(x.shape[1] // 2, 1)[:, :, None, None]


class SingleAttention(nn.Module):
    """Adds to each cell of (b, c, h, w) the mean of the cells, weighted by their likeness (b, n, n) to it."""

    def __init__(self, channels: int):
        super().__init__()
        self.query = nn.Conv2d(channels, channels, 1)
        self.tap = Tap(SINGLE, softmax=True, off=0.0)

    def forward(self, x: Tensor) -> Tensor:
        values = x.flatten(2)
        scores = self.query(x).flatten(2).transpose(1, 2) @ values / x.shape[1] ** 0.5
        return x + (self.tap(scores.softmax(-1), x.shape[-2:]) @ values.transpose(1, 2)).transpose(1, 2).view_as(x)


NEW = {
    kind: Mechanism(f"{kind}s", f"{kind.title()}s", "something new", "y = x", "none", gate=gate)
    for kind, gate in ((RING, RingGate), (GROUP, GroupGate), (SINGLE, SingleAttention))
}
"""The mechanism of each new kind."""


def register(patch: pytest.MonkeyPatch, name: str, known: tuple, *new: object) -> None:
    """Add to a list, wherever a module holds it."""
    for module in [one for one in list(sys.modules.values()) if getattr(one, name, None) is known]:
        patch.setattr(module, name, (*known, *new))


def register_kinds(patch: pytest.MonkeyPatch) -> None:
    """The new kinds and their mechanisms, each one name more in its list."""
    register(patch, "KINDS", KINDS, *NEW)
    register(patch, "MECHANISMS", MECHANISMS, *NEW.values())


def build_new(kind: Kind, folder: Path, patch: pytest.MonkeyPatch) -> Classifier:
    """A small model with a new kind, in a zoo of its own."""
    patch.setenv("FOVEA_PRETRAINED", str(folder))
    one = NEW[kind]
    card = ModelCard(f"tiny/{one.slug}", one.title, one.slug, CLASSES, size=SIZE, widths=WIDTHS)
    store(redraw(build(card), seed=1), card)
    store_card(card)
    return core.load(card.slug, "cpu")
