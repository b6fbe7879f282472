"""Modules that people may bring, for the tests of the guard."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn
from torchvision import models

import core
from core.models.adopting.guard import CLOSE
from core.types import Picture


def net(classes: int = 3) -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1), nn.ReLU(), nn.Conv2d(8, 16, 3, 2, 1), nn.ReLU(),
                         nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, classes)).eval()  # fmt: skip


class Made(nn.Module):
    """A small network that is run by the function that it is given."""

    def __init__(self, run: Callable, network: nn.Module | None = None):
        super().__init__()
        self.run, self.net = run, network or net()

    def forward(self, x: Tensor) -> object:
        return self.run(self, x)


CLASSES = ("a", "b", "c")


def card(**changes: object) -> core.ModelCard:
    return core.ModelCard(**{"slug": "own/x", "title": "x", "mechanism": "transformer", "classes": CLASSES, "size": 64}
                          | changes)  # fmt: skip


def vit(depth: int = 3) -> nn.Module:
    """A small one whose attention is far from uniform."""
    torch.manual_seed(0)
    module = models.VisionTransformer(64, 16, depth, 2, 16, 32, num_classes=3).eval()
    for parameter in module.parameters():
        nn.init.normal_(parameter, 0, 0.3)
    return module


def check_logits(classifier: core.Classifier, module: nn.Module, picture: Picture) -> None:
    """Fovea's logits are the module's, to the guard's own bound; read and panel agree."""
    with torch.no_grad():
        expected = module(classifier.prepare(picture))[0].float().numpy()
    spread = max(np.ptp(expected), 1e-6)
    for found in (core.read(classifier, picture), core.panel(classifier, picture).reading):
        assert np.abs(found.logits - expected).max() <= CLOSE * spread
