"""Models with heads of every kind, for the tests of what outputs mean."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

import core

SIZE = 32


class Head(nn.Module):
    """A small network whose ``k`` raw numbers differ from picture to picture, and what a head makes of them."""

    def __init__(self, k: int, last=lambda z: z):
        super().__init__()
        torch.manual_seed(3)
        self.body = nn.Sequential(nn.Conv2d(3, 8, 3, 2), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.head, self.last = nn.Linear(8, k), last
        self.head.weight.data.mul_(6)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.head(self.body(x)))


class Last(nn.Module):
    """A function as a module."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, z: Tensor) -> Tensor:
        return self.function(z)


def picture(seed: int = 0) -> core.Picture:
    return core.open_image(np.random.default_rng(seed).integers(0, 256, (SIZE, SIZE, 3), dtype=np.uint8), name="noise")


def card(classes=("a", "b", "c"), **more) -> core.ModelCard:
    return core.ModelCard("own/x", "x", "plain", tuple(classes), size=SIZE, **more)
