"""The architecture that a checkpoint states: training scripts store the name of the model with its weights.

torchvision's scripts store their arguments (``args.model``), that of PyTorch's ImageNet example the entry ``arch``,
timm's both, and Lightning the arguments of the module (``hyper_parameters``). The name is only used if the names and
shapes of the tensors are those of its architecture.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from core.models.files.weights import OPTIONAL, Weights, select
from core.models.files.weights_file import Checkpoint, StandIn
from core.models.importing import library
from core.models.libraries import timm_models, torchvision_models
from core.models.user_models.recognition import SIZED, outputs_of, side_of
from core.types import InvalidInput

KEYS = ("arch", "architecture", "model_name", "model_arch", "arch_name", "model", "backbone", "encoder_name",
        "encoder", "base_model", "net", "name")  # fmt: skip
"""The usual names of the entry, the clearest first."""
SIDE = 224
DEEP = 3
"""Tables within tables that are searched."""
BEFORE = re.compile(r"^(hf[-_]hub:)?((timm|torchvision)/)?", re.I)


def stated_names(weights: Weights) -> tuple[tuple[str, str], ...]:
    """The entries of a checkpoint that may name its architecture, and the architectures that they name.

    Each is ``torchvision/NAME`` or ``timm/NAME`` of an architecture that exists; of both libraries if both have it.
    """
    found = [(key, name) for key, text in stated_texts(weights) for name in architectures_named(text)]
    return tuple(dict.fromkeys(found))


def stated_texts(weights: Weights) -> list[tuple[str, str]]:
    """The entries of a checkpoint that may name its architecture, and their texts; the clearest first."""
    content = weights.content if isinstance(weights, Checkpoint) else {}
    rank = {key: place for place, key in enumerate(KEYS)}
    return sorted(_texts(content, "", DEEP), key=lambda one: rank[one[0].rpartition(".")[2]])


def architectures_named(text: str) -> tuple[str, ...]:
    """The architectures with a name such as ``resnet50``, ``timm/resnet50`` or ``resnet50.a1_in1k``."""
    family = BEFORE.match(text.strip())
    only = (family[3] or "").lower() if family else ""
    name = BEFORE.sub("", text.strip()).partition(".")[0].lower()
    if not re.fullmatch(r"\w+", name):
        return ()
    families = [one for one in (torchvision_models.FAMILY, timm_models.FAMILY) if only in ("", one)]
    return tuple(f"{one}/{name}" for one in families if exists(one, name))


def exists(family: str, name: str) -> bool:
    """Whether a library has an architecture."""
    if family == torchvision_models.FAMILY:
        return name in torchvision_models.names()
    return bool(library("timm").is_model(name))


def fits(architecture: str, weights: Weights, matching: Collection[str]) -> bool:
    """Whether the names and shapes of tensors are those of an architecture; ``matching`` are known to be."""
    if architecture in matching:
        return True
    try:
        own = empty(architecture, weights, side_of(weights))
        found = select(own, weights, architecture)[1]
    except InvalidInput:
        return False
    needed = [key for key in own if not OPTIONAL.search(key) and not SIZED.search(key)]
    return all(key in found and found[key].shape == own[key].shape for key in needed)


def empty(architecture: str, weights: Weights, side: int | None) -> Mapping[str, Tensor]:
    """The tensors of an architecture with the outputs of some weights, without memory.

    Raises:
        InvalidInput: it cannot be built for pictures of that side.
    """
    return built(architecture, outputs_of(weights), side).state_dict()


def built(architecture: str, outputs: int, side: int | None, device: str = "meta") -> nn.Module:
    """An architecture with fresh weights, by default without memory; InvalidInput as ``empty``."""
    family, _, name = architecture.partition("/")
    make = torchvision_models.construct if family == torchvision_models.FAMILY else timm_models.construct
    try:
        with torch.device(device):
            return make(name, outputs, side or SIDE)
    except NotImplementedError:  # torchvision's RegNet computes with tensors when it is built
        return make(name, outputs, side or SIDE)


def _texts(value: Any, before: str, deep: int) -> Iterator[tuple[str, str]]:
    """The texts in tables under one of ``KEYS``, each with the names that lead to it."""
    for key, one in _table(value).items() if deep else ():
        if isinstance(key, str):
            if key in KEYS and isinstance(one, str):
                yield before + key, one
            yield from _texts(one, f"{before}{key}.", deep - 1)


def _table(value: Any) -> Mapping[Any, Any]:
    """The entries of a table, or of an object such as the parsed arguments of a command."""
    if isinstance(value, StandIn) and isinstance(value.state, Mapping):
        return value.state
    return value if isinstance(value, Mapping) else {}
