"""A small module and files of its weights, for the tests of reading weights."""

from __future__ import annotations

import io

import torch
from torch import nn

from core.models.files.weights import fit, read_weights


class Net(nn.Module):
    """A model with a batch normalization, and with parts whose names all begin in the same way."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Sequential(nn.Conv2d(4, 4, 1)))


def net(seed: int = 1) -> nn.Module:
    torch.manual_seed(seed)
    made = Net()
    for one in made.state_dict().values():
        if one.is_floating_point():
            one.normal_()
    return made


def stored(content: object, **options: object) -> bytes:
    file = io.BytesIO()
    torch.save(content, file, **options)
    return file.getvalue()


def named(weights: dict, before: str) -> dict:
    return {before + name: tensor for name, tensor in weights.items()}


def fitted(data: bytes) -> nn.Module:
    return fit(net(0), read_weights(data, "x.pt"), "own/x")


def is_same(one: nn.Module, other: nn.Module) -> bool:
    pairs = zip(one.parameters(), other.parameters(), strict=True)
    buffers = torch.equal(one.features[1].running_mean, other.features[1].running_mean)
    return all(torch.equal(a, b) for a, b in pairs) and buffers
