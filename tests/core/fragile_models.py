"""A model without a finite answer for some pictures, and pictures of both kinds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

import core

CLASSES = ("a", "b", "c")
SIZE = 32


class Fragile(nn.Module):
    """A network whose numbers are ``value`` for pictures that are bright on the whole."""

    def __init__(self, value: float = float("nan")):
        super().__init__()
        torch.manual_seed(0)
        self.body = nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1), nn.ReLU(), nn.Conv2d(8, 8, 3, 2, 1), nn.ReLU())
        self.pool, self.head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()), nn.Linear(8, 3)
        self.value = value

    def forward(self, x: Tensor) -> Tensor:
        bright = (x.mean((1, 2, 3)) > 1.2).float()[:, None]
        return self.head(self.pool(self.body(x))) + torch.where(bright > 0, self.value, 0.0)


def picture(seed: int = 0, bright: bool = False) -> core.Picture:
    draws = np.random.default_rng(seed)
    pixels = draws.integers(240, 256, (SIZE, SIZE, 3)) if bright else draws.integers(0, 256, (SIZE, SIZE, 3))
    return core.open_image(pixels.astype(np.uint8), name=f"{'bright' if bright else 'dark'}.png")


def fill(folder: Path, bright: set[tuple[str, int]]) -> Path:
    for name in CLASSES:
        (folder / name).mkdir(parents=True)
        for n in range(4):
            Image.fromarray(picture(n, (name, n) in bright).pixels).save(folder / name / f"{n}.png")
    return folder
