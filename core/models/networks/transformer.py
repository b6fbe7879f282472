"""A small vision transformer: a convolutional stem makes patches, then come transformer blocks.

Four 3×3 convolutions of stride 2 lead a 128 px picture to 8×8 patches ("Early convolutions help transformers see
better", Xiao et al., NeurIPS 2021), as wide as the backbone's four stages. A class token and a learned place for each
patch are added, six blocks follow, and the class token alone is classified: Dosovitskiy et al., ICLR 2021.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from core.attention import Mechanism
from core.models.stages import Stage

DEPTH = 6


def patches(tokens: Tensor) -> Tensor:
    """The tokens (b, 1 + n, c) of a square grid as (b, c, h, w), without the class token."""
    side = round((tokens.shape[1] - 1) ** 0.5)
    return tokens[:, 1:].transpose(1, 2).unflatten(2, (side, side))


def convolutions(widths: Sequence[int]) -> nn.Module:
    """The stem: a 3×3 convolution of stride 2 for each of the widths."""
    stem = nn.Sequential()
    for before, after in zip((3, *widths), widths, strict=False):
        stem.extend([nn.Conv2d(before, after, 3, 2, padding=1, bias=False), nn.BatchNorm2d(after), nn.ReLU()])
    return stem


class Transformer(nn.Module):
    """(b, 3, size, size) -> logits (b, k), by ``depth`` blocks of the ``mechanism`` on patches that a ``stem`` makes.

    The stem leads (b, 3, size, size) to (b, widths[-1], size/stride, size/stride).
    """

    def __init__(
        self,
        mechanism: Mechanism,
        classes: int,
        widths: Sequence[int] = (32, 64, 128, 256),
        size: int = 128,
        *,
        stem: nn.Module | None = None,
        stride: int = 16,
        depth: int = DEPTH,
    ):
        super().__init__()
        self.stem = convolutions(widths) if stem is None else stem
        channels, side = widths[-1], size // stride
        self.token = nn.Parameter(0.02 * torch.randn(1, 1, channels))
        assert mechanism.block is not None  # others sit in the backbone
        self.place = nn.Parameter(0.02 * torch.randn(channels, side, side))
        self.blocks = tuple(f"block{number}" for number in range(1, depth + 1))
        for name in self.blocks:
            self.add_module(name, mechanism.block(channels))
        self.norm = nn.LayerNorm(channels)
        self.classify = nn.Linear(channels, classes)

    def forward(self, x: Tensor) -> Tensor:
        """The logits (b, k) of prepared pictures x (b, 3, h, w)."""
        x = self.stem(x)
        grid = tuple(x.shape[-2:])
        place: Tensor = self.place
        if grid != tuple(place.shape[-2:]):  # smaller pictures, as training begins with, stretch the places
            place = F.interpolate(place[None], grid, mode="bilinear", align_corners=False)[0]
        x = torch.cat((self.token.expand(len(x), -1, -1), (x + place).flatten(2).transpose(1, 2)), 1)
        for name in self.blocks:
            x = self.get_submodule(name)(x, grid)
        return self.classify(self.norm(x[:, 0]))

    def stages(self) -> dict[str, Stage]:
        """The patches behind each block but the last, whose patches are no longer read."""
        return {name: Stage(self.get_submodule(name), patches) for name in self.blocks[:-1]}
