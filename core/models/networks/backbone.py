"""The residual backbone that all our mechanisms share, so that a comparison is fair.

A 128 px picture goes through a stem (stride 4) and four stages of residual blocks, to maps of 32×32, 32×32, 16×16 and
8×8 cells, then average pooling and a linear classifier. He et al., "Deep residual learning", CVPR 2016, with the stem
and the pooled shortcut of He et al., "Bag of tricks", CVPR 2019. Ours is narrow (32-64-128-256) and has one block a
stage, the third two. A mechanism sits behind stages three and four, or in place of the fourth stage's
convolutions, or of the pooling.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from core.attention import Mechanism
from core.models import stages

BLOCKS = (1, 1, 2, 1)
STRIDES = (1, 1, 2, 2)
STAGES = ("stage1", "stage2", "stage3", "stage4")

Convolution = Callable[[int, int, int, int], nn.Module]
"""Channels in, channels out, side of the input's grid, stride -> a module of that shape."""


def convolve(channels: int, out: int, side: int, stride: int) -> nn.Module:
    """The backbone's own 3×3 convolution."""
    return nn.Conv2d(channels, out, 3, stride, padding=1, bias=False)


def shortcut(channels: int, out: int, stride: int) -> nn.Module:
    """What a block adds its input through: the identity, or pooling and a 1×1 convolution where shapes differ."""
    if channels == out and stride == 1:
        return nn.Identity()
    pool = nn.AvgPool2d(stride) if stride > 1 else nn.Identity()
    return nn.Sequential(pool, nn.Conv2d(channels, out, 1, bias=False), nn.BatchNorm2d(out))


class Block(nn.Module):
    """relu(norm(conv(relu(norm(conv x)))) + shortcut x) from (b, channels, h, w) to (b, out, h/stride, w/stride).

    Where a mechanism stands in place of the convolutions there is no shortcut: the model cannot go round it.
    """

    def __init__(self, channels: int, out: int, side: int, stride: int, convolution: Convolution):
        super().__init__()
        self.first = convolution(channels, out, side, stride)
        self.first_norm, self.first_relu = nn.BatchNorm2d(out), nn.ReLU()
        self.second = convolution(out, out, side // stride, 1)
        self.second_norm, self.second_relu = nn.BatchNorm2d(out), nn.ReLU()
        self.shortcut = shortcut(channels, out, stride) if convolution is convolve else None

    def forward(self, x: Tensor) -> Tensor:
        """The features (b, c, h, w) of a block of two convolutions, with a shortcut around them."""
        y = self.first_relu(self.first_norm(self.first(x)))
        y = self.second_norm(self.second(y))
        return self.second_relu(y if self.shortcut is None else y + self.shortcut(x))


class Stage(nn.Module):
    """Blocks, then the gate of a mechanism, which is the identity where it has none."""

    def __init__(self, blocks: Sequence[nn.Module], attention: nn.Module | None = None):
        super().__init__()
        for number, block in enumerate(blocks, 1):
            self.add_module(f"block{number}", block)
        self.attention = nn.Identity() if attention is None else attention

    def forward(self, x: Tensor) -> Tensor:
        """The features of x (b, c, h, w) after each of its blocks in turn."""
        for module in self.children():
            x = module(x)
        return x


class Staged(nn.Module):
    """A stem, four stages, a pooling and a classifier, one after the other: (b, 3, size, size) -> logits (b, k)."""

    stem: nn.Module
    pool: nn.Module
    classify: nn.Module

    def forward(self, x: Tensor) -> Tensor:
        """The logits (b, k) of prepared pictures x (b, 3, h, w)."""
        x = self.stem(x)
        for name in STAGES:
            x = self.get_submodule(name)(x)
        return self.answer(self.classify(self.pool(x)))

    def answer(self, logits: Tensor) -> Tensor:
        """The logits (b, k); of a film of them, (b, s, k), the last ones.

        In training each picture answers after a random step, so that the confidence after every step means something.
        """
        if logits.ndim == 2:
            return logits
        steps = torch.full((len(logits),), logits.shape[1] - 1, device=logits.device)
        if self.training:
            steps = torch.randint_like(steps, logits.shape[1])
        return logits[torch.arange(len(logits), device=logits.device), steps]

    def stages(self) -> dict[str, stages.Stage]:
        """What the four stages give out."""
        return {name: stages.Stage(self.get_submodule(name)) for name in STAGES}


class Backbone(Staged):
    """(b, 3, size, size) -> logits (b, k), with the ``mechanism`` in its slot."""

    def __init__(self, mechanism: Mechanism, classes: int, widths: Sequence[int] = (32, 64, 128, 256), size: int = 128):
        super().__init__()
        first = widths[0]
        self.stem = nn.Sequential(
            nn.Conv2d(3, first, 3, 2, padding=1, bias=False),
            nn.BatchNorm2d(first),
            nn.ReLU(),
            nn.Conv2d(first, first, 3, padding=1, bias=False),
            nn.BatchNorm2d(first),
            nn.ReLU(),
            nn.MaxPool2d(3, 2, padding=1),
        )
        channels, side = first, size // 4
        for index, name in enumerate(STAGES):
            convolution = convolve if mechanism.convolution is None or index < 3 else mechanism.convolution
            blocks = []
            for number in range(BLOCKS[index]):
                stride = STRIDES[index] if number == 0 else 1
                blocks.append(Block(channels, widths[index], side, stride, convolution))
                channels, side = widths[index], side // stride
            gate = mechanism.gate(channels) if mechanism.gate is not None and index >= 2 else None
            self.add_module(name, Stage(blocks, gate))
        average = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.pool = average if mechanism.pool is None else mechanism.pool(channels)
        self.classify = nn.Linear(channels, classes)
