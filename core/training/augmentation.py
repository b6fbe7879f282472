"""Training pictures in memory, each varied anew at every look."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset
from torchvision.transforms import v2

from core.data.datasets import Split
from core.training.recipe import Recipe


class Pictures(Dataset):
    """Training pictures in memory, each cropped, flipped and resized anew: item -> ((3, size, size) uint8, label)."""

    def __init__(self, split: Split, size: int, recipe: Recipe):
        self.pixels = [torch.from_numpy(np.array(split.read(i))).permute(2, 0, 1) for i in range(len(split))]
        self.labels, self.recipe = split.labels, recipe
        self.resize(size)

    def resize(self, size: int) -> None:
        """Crop to another side from now on."""
        crop = v2.RandomResizedCrop(size, scale=(self.recipe.crop, 1.0), ratio=(3 / 4, 4 / 3), antialias=True)
        self.transform = v2.Compose([crop, v2.RandomHorizontalFlip(0.5 if self.recipe.flip else 0.0)])

    def __len__(self) -> int:
        return len(self.pixels)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        return self.transform(self.pixels[index]), int(self.labels[index])


def vary_colour(x: Tensor, strength: float) -> Tensor:
    """Brightness, contrast and saturation of (b, 3, h, w) in 0..1, each picture's by 1 ± ``strength`` at random."""
    factor = 1 + strength * (2 * torch.rand(3, len(x), 1, 1, 1, device=x.device) - 1)
    x = x * factor[0]
    x = (x - x.mean((1, 2, 3), keepdim=True)) * factor[1] + x.mean((1, 2, 3), keepdim=True)
    grey = x.mean(1, keepdim=True)
    return ((x - grey) * factor[2] + grey).clamp(0, 1)
