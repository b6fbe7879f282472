"""Which of our equivalents of torchvision's blocks differ from the blocks that they replace."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import torch
from torch import nn

from core.models.tolerance import is_close


@torch.no_grad()
def differing(module: nn.Module, untouched: nn.Module, run: Callable[[], object], names: Collection[str]) -> list[str]:
    """The ``names`` of blocks whose equivalent in ``module`` has another output for the same input.

    ``run`` is a forward pass of the ``untouched`` module.
    """
    seen: dict[str, list[tuple[tuple[Any, ...], dict[str, Any], Any]]] = {}

    def keep(name: str, given: tuple[Any, ...], named: dict[str, Any], y: Any) -> None:
        seen.setdefault(name, []).append((given, named, y))

    handles = [
        untouched.get_submodule(name).register_forward_hook(
            lambda _, given, named, y, name=name: keep(name, given, named, y), with_kwargs=True
        )
        for name in names
    ]
    try:
        run()
    finally:
        for handle in handles:
            handle.remove()

    def agrees(name: str, given: tuple[Any, ...], named: dict[str, Any], y: Any) -> bool:
        try:
            return is_close(y, module.get_submodule(name)(*given, **named))
        except Exception:
            return False

    return [name for name, calls in seen.items() if not all(agrees(name, *call) for call in calls)]
