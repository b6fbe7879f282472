"""The numbers in a configuration of unknown origin, compared with its weights before memory is allocated."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Any

from torch import nn

from core.messages import Message
from core.models.user_models.saved_files import CONFIG
from core.types import InvalidInput

LEAST_BYTES = 2
"""The least bytes of a parameter in a file."""
DEEP = re.compile(r"layer|depth|block|stage", re.I)
"""Keys of a configuration that count layers."""
WIDE = re.compile(r"channel|config|dim|feature|kernel|size|stride|width", re.I)
"""Words of such keys that count something else, such as ``stage_in_channels``."""
LARGEST = 1_000_000
"""The largest whole number in a configuration that is used."""
COUNTS = re.compile(
    r"(^|_)(num|n|heads?|layers|depths?|dims?|channels|sizes?|strides?|kernels?|groups|width|hidden|embed|intermediate)(_|$)"
)
"""Keys of numbers that are never negative."""
NEEDED = re.compile(
    r"(num(_\w+)?_heads|num_hidden_layers|hidden_size|hidden_dim|embed_dim|intermediate_size|patch_size|kernel_size|"
    r"strides?|num_channels|image_size)"
)
"""Keys of numbers that are above zero."""
SHARES = re.compile(r"\w*(dropout|drop_rate|drop_path)(_prob|_rate)?")
"""Keys of numbers from 0 to 1."""
HEADS, WIDTHS = "num_attention_heads", ("hidden_size", "embed_dim")


def check_values(config: Mapping[str, Any], tensors: int, title: str) -> None:
    """Refuse a configuration with impossible numbers: more layers than tensors, huge sizes, fewer heads than one.

    Raises:
        InvalidInput: it has such a number; the message names it.
    """
    check_heads(config, title)
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
        must = wrong_range(key, value)
        if must is not None:
            raise InvalidInput(
                "{name} of {model} states {key}: {value:g}, but this must be {must}. Correct it, or copy the file "
                "again.",
                name=CONFIG,
                model=title,
                key=key,
                value=value,
                must=must,
            )


def wrong_range(key: str, value: float) -> Message | None:
    """How a number in a configuration must be; None if it is so."""
    if NEEDED.fullmatch(key) and value <= 0:
        return Message("above zero")
    if COUNTS.search(key) and value < 0:
        return Message("zero or more")
    return Message("from 0 to 1") if SHARES.fullmatch(key) and not 0 <= value <= 1 else None


def check_heads(config: Mapping[str, Any], title: str) -> None:
    """Refuse a number of heads that does not divide the width of the tokens; also that of a tower of the model."""
    for table in (config, *(one for one in config.values() if isinstance(one, Mapping))):
        heads, width = table.get(HEADS), next((table[key] for key in WIDTHS if key in table), None)
        if not isinstance(heads, int) or not isinstance(width, int) or min(heads, width) < 1:
            continue
        if width % heads and table.get("head_dim") is None:
            raise InvalidInput(
                "{name} of {model} states {key}: {value}, which does not divide the width of the tokens, {width}. "
                "Correct it, or copy the file again.",
                name=CONFIG,
                model=title,
                key=HEADS,
                value=heads,
                width=width,
            )


def check_size(module: nn.Module, size: int, title: str) -> None:
    """Refuse weights with far fewer bytes than the architecture has parameters, before memory is allocated."""
    count = sum(one.numel() for one in module.parameters())
    if LEAST_BYTES * count > size:
        raise InvalidInput(
            "{megabytes:.1f} MB of weights is too little for the {millions:.1f} million parameters of {name}. Check "
            "that the configuration and the weights belong together.",
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
