"""The numbers in a configuration of unknown origin, compared with its weights before memory is allocated."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Any

from torch import nn

from core.models.saved_files import CONFIG
from core.types import InvalidInput

LEAST_BYTES = 2
"""The least bytes of a parameter in a file."""
DEEP = re.compile(r"layer|depth|block|stage", re.I)
"""Keys of a configuration that count layers."""
WIDE = re.compile(r"channel|config|dim|feature|kernel|size|stride|width", re.I)
"""Words of such keys that count something else, such as ``stage_in_channels``."""
LARGEST = 1_000_000
"""The largest whole number in a configuration that is used."""


def check_values(config: Mapping[str, Any], tensors: int, title: str) -> None:
    """Refuse a configuration with numbers that would take all memory or time: more layers than tensors, huge sizes.

    Raises:
        InvalidInput: it has such a number.
    """
    for key, value in _numbers(config, ""):
        layers = DEEP.search(key) is not None and WIDE.search(key) is None
        if not isfinite(value) or abs(value) > (max(tensors, 64) if layers else LARGEST):
            raise InvalidInput(
                "{name} of {model} states {key}: {value:g}, which does not match its weights. Copy it again.",
                name=CONFIG,
                model=title,
                key=key,
                value=value,
            )


def check_size(module: nn.Module, size: int, title: str) -> None:
    """Refuse weights with far fewer bytes than the architecture has parameters, before memory is allocated."""
    count = sum(one.numel() for one in module.parameters())
    if LEAST_BYTES * count > size:
        raise InvalidInput(
            "{megabytes:.1f} MB of weights are too few for the {millions:.1f} million parameters of {name}. Check that "
            "the configuration and the weights belong together.",
            megabytes=size / 1e6,
            millions=count / 1e6,
            name=title,
        )


def _numbers(value: Any, key: str, depth: int = 0) -> Iterator[tuple[str, float]]:
    """The numbers in a configuration with their keys, without the names of classes."""
    if isinstance(value, Mapping):
        for name, one in value.items():
            if name not in ("id2label", "label2id", "label_names", "label_descriptions") and depth < 20:
                yield from _numbers(one, str(name), depth + 1)
    elif isinstance(value, list) and depth < 20:
        for one in value:
            yield from _numbers(one, key, depth + 1)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield key, value
