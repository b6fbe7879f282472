"""Augmentation of training pictures, drawn for each seed, epoch and picture."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.utils.data import Dataset
from torchvision.transforms import v2

from core.data.datasets import Split
from core.images import BASELINE
from core.training.recipe import Recipe


def variation(size: int, recipe: Recipe) -> v2.Transform:
    """Crop, move, mirror, turn and erase, each where the recipe has it: (3, h, w) uint8 -> (3, size, size) uint8."""
    if recipe.crop < 1:
        steps = [v2.RandomResizedCrop(size, scale=(recipe.crop, 1.0), ratio=(3 / 4, 4 / 3), antialias=True)]
    else:
        steps = [v2.Resize(size, antialias=True), v2.CenterCrop(size)]  # the model's own square
    absent = [float(value) for value in BASELINE]
    if recipe.shift:
        steps.append(v2.RandomCrop(size, padding=recipe.shift, padding_mode="edge"))
    if recipe.flip:
        steps.append(v2.RandomHorizontalFlip())
    if recipe.rotate:
        steps.append(v2.RandomRotation(recipe.rotate, v2.InterpolationMode.BILINEAR, fill=absent))
    if recipe.erase:
        steps.append(v2.RandomErasing(recipe.erase, scale=(0.02, 0.2), value=absent))
    return v2.Compose(steps)


class Pictures(Dataset[tuple[Tensor, int, Tensor]]):
    """Training pictures, varied again in each epoch: item -> ((3, size, size) uint8, label, chance (3,) in 0..1).

    ``chance`` is for ``vary_color``, which takes a whole batch at once.
    """

    def __init__(self, split: Split, recipe: Recipe, epoch: int = 0):
        self.split, self.recipe, self.epoch = split, recipe, epoch
        self.vary = variation(recipe.size(epoch), recipe)

    def __len__(self) -> int:
        return len(self.split)

    def __getitem__(self, index: int) -> tuple[Tensor, int, Tensor]:
        pixels = torch.tensor(self.split.read(index)).permute(2, 0, 1)
        with torch.random.fork_rng(devices=[]):  # torchvision uses the global generator
            torch.default_generator.manual_seed(self.recipe.draw(self.epoch, index))
            return self.vary(pixels), int(self.split.labels[index]), torch.rand(3)


def vary_color(x: Tensor, strength: float, chance: Tensor) -> Tensor:
    """Brightness, contrast and saturation of (b, 3, h, w) in 0..1, each by 1 ± ``strength``.

    ``chance`` (b, 3) in 0..1 states how far for each picture.
    """
    if not strength:
        return x
    factor = (1 + strength * (2 * chance - 1)).T[:, :, None, None, None]
    x = x * factor[0]
    x = (x - x.mean((1, 2, 3), keepdim=True)) * factor[1] + x.mean((1, 2, 3), keepdim=True)
    gray = x.mean(1, keepdim=True)
    return ((x - gray) * factor[2] + gray).clamp(0, 1)
