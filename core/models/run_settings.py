"""How a module must be run: one picture at a time, on a copy of its input, without a graph, or by one output."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from core.models.copying import hooked


@dataclass(frozen=True)
class RunSettings:
    """How a module is run, so that pictures (b, 3, h, w) give outputs (b, k) and stay unchanged.

    ``alone``: one picture at a time; ``dense``: contiguous, because the module takes views that channels-last tensors
    do not have; ``mixed``: from float32 to float32, because its layers have other precisions; ``copied``: on a copy,
    because the module changes its input; ``flipped``: with blue first; ``patch``: cut into patches of so many pixels,
    which the module takes with a mask and the shape of their grid; ``graphless``: without a graph, which it cannot
    build; ``path``: the attribute, key or position of the logits in its result; ``classes``: their number, if the
    result may lack an axis.
    """

    alone: bool = False
    dense: bool = False
    mixed: bool = False
    copied: bool = False
    graphless: bool = False
    flipped: bool = False
    patch: int = 0
    path: str | int | None = None
    classes: int | None = None

    def run(self, forward: Callable[[Tensor], Any], x: Tensor) -> Any:
        """The output of ``forward`` for x, run with these settings."""
        with torch.no_grad() if self.graphless else nullcontext():
            x = x.float() if self.mixed else x
            x = x.flip(1) if self.flipped else x
            x = x.contiguous() if self.dense else x
            parts = x.split(1) if self.alone else (x,)
            found = [self._pick(forward(*self._arguments(part))) for part in parts]
            if self.mixed:
                found = [one.float() if isinstance(one, Tensor) else one for one in found]
            if self.classes:
                found = [one.reshape(-1, self.classes) for one in found]
        whole = self.alone and all(isinstance(one, Tensor) and one.ndim for one in found)
        return torch.cat(found) if whole else found[0]

    def find(self, y: Any, count: int, classes: int) -> RunSettings:
        """The same settings with the path to the logits (count, classes) in a result, if it is unambiguous."""
        if isinstance(y, Tensor):
            flat = y.ndim == 1 or (y.ndim > 2 and y.shape[:2] == (count, classes))
            return replace(self, classes=classes) if flat and y.numel() == count * classes else self
        named = dict(y) if isinstance(y, dict) else getattr(y, "_asdict", lambda: getattr(y, "__dict__", {}))()
        places = named or dict(enumerate(y) if isinstance(y, tuple | list) else ())
        fitting = [key for key, one in places.items() if isinstance(one, Tensor) and one.shape[1:] == (classes,)]
        if "logits" in fitting:
            return replace(self, path="logits")
        return replace(self, path=fitting[0]) if len(fitting) == 1 else self

    def _arguments(self, x: Tensor) -> tuple[Tensor, ...]:
        x = x.clone() if self.copied else x
        return cut(x, self.patch) if self.patch else (x,)

    def _pick(self, y: Any) -> Any:
        if self.path is None:
            return y
        return y[self.path] if isinstance(self.path, int) or isinstance(y, dict) else getattr(y, self.path)


def cut(x: Tensor, patch: int) -> tuple[Tensor, Tensor, Tensor]:
    """Pictures (b, 3, h, w) as patches (b, n, patch · patch · 3), a mask (b, n) of ones, and the grid's shape (b, 2).

    So the processor of SigLIP 2 prepares them: the colors of a pixel are next to each other.
    """
    height, width = x.shape[-2] // patch, x.shape[-1] // patch
    patches = x.unflatten(-1, (width, patch)).unflatten(-3, (height, patch)).permute(0, 2, 4, 3, 5, 1)
    mask = torch.ones(len(x), height * width, dtype=torch.int32, device=x.device)
    shapes = torch.tensor([[height, width]], device=x.device).expand(len(x), 2)
    return patches.reshape(len(x), height * width, -1), mask, shapes


class RunWith:
    """Replaces a module's ``forward``, and runs it with settings."""

    def __init__(self, settings: RunSettings, forward: Callable[[Tensor], Any]):
        self.settings, self.forward = settings, forward

    def __call__(self, x: Tensor) -> Tensor:
        """The output of the replaced ``forward`` for x (b, 3, h, w)."""
        return self.settings.run(self.forward, x)


class Wrapped(nn.Module):
    """A wrapper for a module whose ``forward`` cannot be replaced."""

    def __init__(self, module: nn.Module):
        super().__init__()
        self.module = module.eval()
        self.eval()

    def forward(self, x: Tensor) -> Any:
        """The output of the wrapped module for x (b, 3, h, w)."""
        return self.module(x)


def run_as(module: nn.Module, settings: RunSettings) -> nn.Module:
    """The module, set to run with settings; in a wrapper if its ``forward`` cannot be replaced."""
    if settings == RunSettings():
        return module
    if hooked(module):  # hooks run around forward
        module = Wrapped(module)
    module.forward = RunWith(settings, module.forward)
    return module


def run_settings_of(module: nn.Module) -> RunSettings:
    """The settings with which a module is set to run."""
    found = vars(module).get("forward")
    return found.settings if isinstance(found, RunWith) else RunSettings()
