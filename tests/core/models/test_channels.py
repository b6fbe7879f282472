"""A model for pictures with other than three channels is refused for that, one for another size for its size."""

from __future__ import annotations

import pytest
import timm
import torch
from torch import Tensor, nn

import core
from core.types import InvalidInput, ModelCard
from tests.conftest import redraw


def transformer(channels: int) -> nn.Module:
    return timm.create_model("test_vit", num_classes=5, in_chans=channels, img_size=64)


def network(channels: int) -> nn.Module:
    return timm.create_model("test_resnet", num_classes=5, in_chans=channels)


class Unshuffled(nn.Module):
    """Its first convolution takes the twelve channels of four neighbors; it fails later, at another size."""

    def __init__(self) -> None:
        super().__init__()
        self.unshuffle, self.patch, self.head = nn.PixelUnshuffle(2), nn.Conv2d(12, 4, 4, 4), nn.Linear(4 * 16, 5)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.patch(self.unshuffle(x)).flatten(1))


def refused(module: nn.Module, size: int) -> str:
    card = ModelCard("own/x", "x", "plain", tuple("abcde"), size=size)
    with pytest.raises(InvalidInput) as caught:
        core.adopt(redraw(module, 0), card, "cpu")
    return str(caught.value)


@pytest.mark.parametrize("channels", [1, 2, 4])
@pytest.mark.parametrize("make", [transformer, network])
def test_the_number_of_channels_is_the_reason(make, channels: int) -> None:
    count = "one channel" if channels == 1 else f"{channels} channels"
    expected = f"The model own/x takes pictures with {count}. Choose a model for color pictures."
    assert refused(make(channels), 64) == expected


def test_another_size_is_the_reason() -> None:
    for module in (timm.create_model("deit_tiny_patch16_224", num_classes=5, depth=1), Unshuffled()):
        assert refused(module, 64).startswith("The model does not accept pictures of 64 × 64 pixels: ")
    found = core.adopt(redraw(Unshuffled(), 0), ModelCard("own/x", "x", "plain", tuple("abcde"), size=32), "cpu")
    assert found.scores(torch.zeros(1, 3, 32, 32)).shape == (1, 5)
