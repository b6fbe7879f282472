"""The backbone with a small receptive field: each cell of its last grid sees a small square of the picture.

Patches of 4×4 pixels, then convolutions of 2×2 (stride 2), 3×3 and 2×2 (stride 2) lead a 128 px picture to 8×8 cells,
each of which sees ``RECEPTIVE_FIELD`` pixels a side; everything behind is 1×1. What lies farther apart can be brought
together by attention alone, and by the sum over all cells before a linear classifier. The one padding repeats the
border, so that zeros around the picture do not show a cell where it is.

A mechanism sits behind stage three, or in place of stage four's first 1×1 convolution, or of the pooling. One whose
query cannot know where a cell is gets a learned encoding of each position. A transformer's blocks follow stage three.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from core.attention import Mechanism
from core.models.networks.backbone import Stage, Staged
from core.models.networks.transformer import Transformer

RECEPTIVE_FIELD = 32
"""Side of the square of pixels that a cell sees: 4, then 2×2 of stride 4 (8), 3×3 of stride 8 (24), 2×2 (32)."""

STRIDE = 16
DEPTH = 3


def _block(convolution: nn.Module, channels: int) -> nn.Module:
    return nn.Sequential(convolution, nn.BatchNorm2d(channels), nn.ReLU())


def _trunk(widths: Sequence[int]) -> list[nn.Module]:
    """The blocks of the stem and of the first three stages."""
    first, second, third = widths[:3]
    middle = nn.Conv2d(second, second, 3, padding=1, padding_mode="replicate", bias=False)
    return [
        _block(nn.Conv2d(3, first, 4, 4, bias=False), first),
        _block(nn.Conv2d(first, second, 2, 2, bias=False), second),
        _block(middle, second),
        _block(nn.Conv2d(second, third, 2, 2, bias=False), third),
    ]


class Positions(nn.Module):
    """Adds a learned encoding of each position to (b, c, h, w)."""

    def __init__(self, channels: int, side: int):
        super().__init__()
        self.code = nn.Parameter(0.2 * torch.randn(channels, side, side))

    def forward(self, x: Tensor) -> Tensor:
        """x (b, c, h, w) plus the code of each position."""
        return x + self.code


class ShortSighted(Staged):
    """(b, 3, size, size) -> logits (b, k), with the ``mechanism`` in its slot."""

    def __init__(self, mechanism: Mechanism, classes: int, widths: Sequence[int], size: int = 128):
        super().__init__()
        third, last, side = widths[2], widths[3], size // STRIDE
        self.stem, first, second, reduce = _trunk(widths)
        self.stage1, self.stage2 = Stage([first]), Stage([second])
        self.stage3 = Stage([reduce], mechanism.gate(third) if mechanism.gate else None)
        convolution = mechanism.convolution
        mix = convolution(third, last, side, 1) if convolution else nn.Conv2d(third, last, 1, bias=False)
        self.stage4 = Stage([_block(mix, last), _block(nn.Conv2d(last, last, 1, bias=False), last)])
        pool = mechanism.pool(last) if mechanism.pool else nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.pool = nn.Sequential(Positions(last, side), pool) if mechanism.positions else pool
        self.classify = nn.Linear(last, classes)


def short_sighted(mechanism: Mechanism, classes: int, widths: Sequence[int], size: int = 128) -> nn.Module:
    """The model of a mechanism on it: (b, 3, size, size) -> logits (b, classes)."""
    if mechanism.block is None:
        return ShortSighted(mechanism, classes, widths, size)
    stem = nn.Sequential(*_trunk(widths))
    return Transformer(mechanism, classes, widths[:3], size, stem=stem, stride=STRIDE, depth=DEPTH)
