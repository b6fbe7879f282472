"""Taps for torchvision's models: their attention is replaced by equivalents of ours, with a tap and the same logits.

An equivalent has the same parameters with the same names, so that torchvision's weights load.
"""

from __future__ import annotations

from collections.abc import Collection

from torch import nn

from core.messages import Message
from core.models.copying import hooked
from core.models.importing import loaded
from core.models.torchvision_taps.equivalent import Equivalent


def equivalents() -> dict[type[nn.Module], type[Equivalent]]:
    """Which of our classes replaces which of torchvision's; none while torchvision is not imported."""
    if not loaded("torchvision.models"):
        return {}
    from core.models.torchvision_taps.replacements import EQUIVALENTS

    return EQUIVALENTS


def blocks(module: nn.Module) -> dict[str, nn.Module]:
    """Every module of a model that has an equivalent, by its name, each once."""
    kinds = tuple(equivalents())
    return {name: part for name, part in module.named_modules() if name and isinstance(part, kinds)}


def obstacle(theirs: nn.Module) -> str | None:
    """Why a block cannot be replaced by our equivalent, as the end of a sentence; None if it can.

    An equivalent repeats torchvision's own computation with the same children. So code that it does not run must be
    unchanged: no custom class, no replaced method, no hook.
    """
    kind = equivalents().get(type(theirs))
    if kind is None:
        return Message("it is a custom class")
    for path, types in {"": type(theirs), **kind.skipped}.items():
        try:
            part = theirs.get_submodule(path)
        except AttributeError:
            return Message("it has no {part}", part=path)
        if type(part) not in (types if isinstance(types, tuple) else (types,)):
            return Message("its {part} is a custom class", part=path)
        if hooked(part):
            return Message("hooks are set on it")
        if any(callable(getattr(type(part), name, None)) for name in vars(part)):
            return Message("one of its methods was replaced")
    return kind.obstacle(theirs)


def adapt(module: nn.Module, leave: Collection[nn.Module] = ()) -> nn.Module:
    """Add taps to the attention of a model, in place, and turn off in-place layers.

    Modules that overwrite their input (``nn.ReLU(inplace=True)``) would change recorded outputs of others. The blocks
    in ``leave`` stay unchanged, like those with an ``obstacle``.
    """
    ours: dict[nn.Module, nn.Module] = {}
    known = equivalents()
    for parent in list(module.modules()):
        if getattr(parent, "inplace", False) is True:
            parent.inplace = False  # type: ignore[assignment]  # to torch's types all attributes are tensors or modules
        for name, child in list(parent._modules.items()):  # a block may be there under two names
            if child is not None and type(child) in known and child not in leave and not obstacle(child):
                if child not in ours:
                    ours[child] = known[type(child)](child)
                setattr(parent, name, ours[child])
    return module
