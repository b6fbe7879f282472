"""Training runs that take a second: made pictures, a narrow model, a short recipe, on one thread's processor."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import nn
from torchvision.transforms import v2

from core.attention import mechanism
from core.data.datasets import Dataset, Split
from core.distributed import Processes
from core.models.networks.backbone import Backbone
from core.training import Recipe
from core.training.loop import train

WIDTHS = (8, 8, 16, 16)
TINY = Recipe(epochs=2, batch=8, average=0.8, sizes=((0.5, 32), (0.5, 48)), seed=3)
ALONE = Processes(torch.device("cpu"))


def made(count: int, seed: int) -> Split:
    """Noise with a bright square in the top left, the middle or the bottom right: three classes in turn."""
    draw = np.random.default_rng(seed)
    pixels = draw.integers(0, 90, (count, 48, 48, 3), dtype=np.uint8)
    for i, one in enumerate(pixels):
        corner = (2, 18, 34)[i % 3]
        one[corner : corner + 12, corner : corner + 12, i % 3] = 250
    return Split(np.arange(count, dtype=np.int64) % 3, pixels.__getitem__)


def made_data() -> Dataset:
    """26 pictures to train on and 15 of validation."""
    return Dataset("made", ("left", "middle", "right"), made(26, 1), made(15, 2))


def fresh(slug: str = "cbam", seed: int = 0) -> Backbone:
    """A narrow model with the first weights of a seed."""
    torch.manual_seed(seed)
    return Backbone(mechanism(slug), 3, WIDTHS, 48)


def learn(data: Dataset, folder: Path, one: Recipe = TINY, module: nn.Module | None = None, **calls: object) -> tuple:
    """Train a tiny model; its state dict and the history."""
    module, history = train(
        module or fresh(),
        data,
        one,
        prepare=lambda pixels: pixels,
        normalize=v2.Normalize((0.5, 0.5, 0.5), (0.25, 0.25, 0.25)),
        processes=ALONE,
        checkpoint=folder / "run.pt",
        **calls,
    )
    return module.state_dict(), history


def same_weights(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    """Whether two state dicts are the same to the last bit."""
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)
