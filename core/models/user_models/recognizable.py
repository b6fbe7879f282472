"""Write ``recognized.json``: all architectures of torchvision and timm by the names and shapes of their tensors.

    python -m core.models.user_models.recognizable

Several architectures may have the same tensors and compute something else, such as timm's ``resnet50`` and
``resnetaa50``. To find these, all get the same weights and the same picture: those with the same logits form a group.
Architectures that consist of the same layers with the same settings are not run. It takes about half an hour.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from inspect import isclass, isroutine
from pathlib import Path
from typing import Any
from zlib import crc32

import torch
from torch import Tensor, nn

from core.models.architecture import freeze
from core.models.importing import library
from core.models.libraries import timm_models, torchvision_models
from core.models.user_models.recognition import HEADS, SIZED, TABLE, digest

CLASSES, SIDE = 7, 224
SIDES = (64, 96, 128, 160, 192, 224, 256, 288, 384, 448)
"""The sides of the picture that are tried, in pixels."""
LARGEST = 500_000_000
"""The most parameters of a module that is run; larger ones count as different."""
CLOSE = 1e-3
"""The largest difference of logits that counts as none, in parts of their spread."""
FREE = {"training", "num_classes", "pretrained_cfg", "default_cfg", "img_size", "grid_size", "num_patches", "p",
        "input_resolution", "feature_info", "fused_attn", "grad_checkpointing", "drop_prob", "drop_rate",
        "inplace", "out_features", "feat_size", "seq_len", "pretrained_grid_size"}  # fmt: skip
"""Attributes of modules that do not change what they compute, or follow from the size of the pictures."""


def every() -> list[str]:
    """All architectures of both libraries."""
    ours = [f"{torchvision_models.FAMILY}/{name}" for name in torchvision_models.names()]
    return [*ours, *(f"{timm_models.FAMILY}/{name}" for name in timm_models.names())]


def build(name: str, side: int | None = None, device: str = "meta") -> nn.Module:
    """An architecture such as ``timm/resnet18`` with fresh weights, for pictures of its usual side or another."""
    family, _, own = name.partition("/")
    make = torchvision_models.construct if family == torchvision_models.FAMILY else timm_models.construct
    usual = library("timm").get_pretrained_cfg(own).input_size[-1] if make is timm_models.construct else SIDE
    try:
        with torch.device(device):
            return make(own, CLASSES, side or usual)
    except NotImplementedError:  # torchvision's RegNet computes with tensors when it is built
        return make(own, CLASSES, side or usual)


def own_digest(name: str, parts: bool = True) -> str | None:
    """The digest of an architecture such as ``timm/resnet18``; None if its head is not in ``HEADS``."""
    return digest_of(build(name), parts)


def digest_of(module: nn.Module, parts: bool = True) -> str | None:
    """The digest of a module with ``CLASSES`` classes; None if its head is not in ``HEADS``."""
    shapes = {key: tuple(tensor.shape) for key, tensor in module.state_dict().items()}
    heads = [head for head in HEADS if all(shapes.get(f"{layer}.weight", ())[:1] == (CLASSES,) for layer in head)]
    return digest(shapes, max(heads, key=len), parts) if heads else None


def settings_of(module: nn.Module) -> str:
    """The classes and settings of all parts of a module: two modules with the same ones compute the same."""
    return repr([
        (name, type(part).__qualname__, sorted((key, plain(one)) for key, one in vars(part).items() if kept(key, one)))
        for name, part in module.named_modules()
    ])  # fmt: skip


def kept(key: str, value: Any) -> bool:
    """Whether an attribute of a module may change what it computes."""
    return not key.startswith("_") and key not in FREE and not isinstance(value, Tensor | nn.Module | dict)


def plain(value: Any) -> str:
    """A value, or the name of a function or class."""
    if isinstance(value, list | tuple):
        return repr([plain(one) for one in value])
    named = isroutine(value) or isclass(value)
    simple = isinstance(value, int | float | str | None)
    return repr(value) if simple else str(getattr(value, "__qualname__", "")) if named else type(value).__qualname__


def logits_of(name: str, side: int) -> Tensor | None:
    """The logits (1, classes) of an architecture for one picture, with weights by their names; None if it cannot."""
    try:
        module = freeze(build(name, side, "cpu"))
        fill(module)
        picture = torch.rand(1, 3, side, side, generator=torch.Generator().manual_seed(1))
        with torch.no_grad():
            return module(picture)
    except Exception:  # each architecture refuses a size in its own way
        return None


@torch.no_grad()
def fill(module: nn.Module) -> None:
    """Fill the weights of a module by their names, so that modules with the same tensors have the same weights."""
    for key, tensor in module.state_dict().items():
        if tensor.is_floating_point() and not SIZED.search(key):
            draw = torch.Generator().manual_seed(crc32(key.encode()))
            noise = torch.randn(tensor.shape, generator=draw)
            if key.endswith("running_var"):
                tensor.copy_(0.5 + noise.abs())
            elif tensor.ndim < 2:
                tensor.copy_(0.1 * noise + (1 if key.endswith("weight") else 0))
            else:
                tensor.copy_(noise * tensor[0].numel() ** -0.5)
        elif tensor.is_floating_point():
            tensor.copy_(torch.linspace(-0.5, 0.5, tensor.numel()).view(tensor.shape))


def grouped(names: Iterable[str], settings: dict[str, str]) -> list[list[str]]:
    """Architectures with the same tensors, grouped by what they compute."""
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(settings[name], []).append(name)
    if len(groups) == 1:
        return list(groups.values())
    found: list[tuple[Tensor | None, list[str]]] = []
    known = logits_at_one_side([group[0] for group in groups.values()])
    for group in groups.values():
        logits = known.get(group[0])
        same = (own for other, own in found if logits is not None and other is not None and is_same(logits, other))
        own = next(same, None)
        if own is None:
            found.append((logits, group))
        else:
            own += group
    return [own for _, own in found]


def logits_at_one_side(names: list[str]) -> dict[str, Tensor]:
    """The logits of architectures at the smallest side at which all run; none if they are too large to be run."""
    if any(sum(one.numel() for one in build(name).parameters()) > LARGEST for name in names):
        return {}
    for side in SIDES:
        found: dict[str, Tensor] = {}
        for name in names:
            logits = logits_of(name, side)
            if logits is None:
                break
            found[name] = logits
        if len(found) == len(names):
            return found
    return {}


def is_same(logits: Tensor, other: Tensor) -> bool:
    """Whether two architectures have the same logits."""
    return bool((logits - other).abs().max() <= CLOSE * (logits.max() - logits.min()))


def write(path: Path = TABLE) -> None:
    """Write the digests of all architectures, those with the same one in groups."""
    found: dict[str, list[str]] = {}
    settings: dict[str, str] = {}
    others: dict[str, set[str]] = {}
    for name in every():
        module = build(name)
        if key := digest_of(module):
            found.setdefault(key, []).append(name)
            others.setdefault(str(digest_of(module, parts=False)), set()).add(key)
            settings[name] = settings_of(module)
    groups = {}
    for number, (key, names) in enumerate(sorted(found.items(), key=lambda one: one[1])):
        groups[key] = grouped(names, settings)
        print(f"{number + 1} of {len(found)}: {groups[key]}", file=sys.stderr, flush=True)
    save(path, groups, others)


def save(path: Path, groups: Mapping[str, list[list[str]]], others: Mapping[str, Iterable[str]]) -> None:
    """Write the table, an entry a line."""
    tables = {"groups": groups, "parts": {key: sorted(one) for key, one in sorted(others.items())}}
    lines = {name: ",\n".join(f"{json.dumps(key)}: {json.dumps(one)}" for key, one in table.items())
             for name, table in tables.items()}  # fmt: skip
    text = ",\n".join(f'"{name}": {{\n{one}\n}}' for name, one in lines.items())
    path.write_text(f"{{\n{text}\n}}\n", encoding="utf-8")


if __name__ == "__main__":
    write()
