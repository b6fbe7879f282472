"""Find the stages of a model: by known architectures, else by observing passes.

``named_stages`` are those of models whose outputs are not grids (b, c, h, w), or that name their stages; the grids of
``known_types`` need no test.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn

from core.messages import Message
from core.models.copying import hooked
from core.models.geometry import Place, hooks, on_picture
from core.models.importing import loaded
from core.models.limits import UNREACHED, no_grad_cam
from core.models.networks.backbone import Backbone
from core.models.networks.transformer import Transformer
from core.models.run_settings import run_settings_of
from core.models.seam.forwards import block_stages
from core.models.stages import Found, Passes, Stage, first_of, observe, watch

STAGES: dict[type[nn.Module], Callable[[Any], dict[str, Stage]]] = {
    Backbone: Backbone.stages,
    Transformer: Transformer.stages,
}
"""The stages of our own models, which name them."""

LAST: dict[type[nn.Module], Callable[[Any], str]] = {
    Transformer: lambda module: module.blocks[-1],
}
"""The name of the last block, for those models of which only the class token is read after it."""


def named_stages() -> dict[type[nn.Module], Callable[[Any], dict[str, Stage]]]:
    """The stages of models by type, for those that name them, or whose outputs are not grids (b, c, h, w)."""
    return STAGES | known.STAGES if (known := _torchvision()) else STAGES


def known_types() -> tuple[type[nn.Module], ...]:
    """The architectures whose grids line up with the picture by construction: they need no test."""
    return (*STAGES, *known.STAGES, *known.GRIDS) if (known := _torchvision()) else tuple(STAGES)


def last_blocks() -> dict[type[nn.Module], Callable[[Any], str]]:
    """The name of the last block, by type, for those models of which only the class token is read after it."""
    return LAST | known.LAST if (known := _torchvision()) else LAST


def _torchvision() -> ModuleType | None:
    """torchvision's known architectures; None while torchvision is not imported."""
    return importlib.import_module(f"{__package__}.known") if loaded("torchvision.models") else None


def find_stages(module: nn.Module, x: Tensor) -> Found:
    """The stages of a model; ``x`` (1, 3, size, size) is any picture that it takes.

    A model in the table names its stages; so does a model that contains such models, if these run once with all
    pictures. Others are observed while they run. Unknown architectures are tested: grids must line up with the picture.
    """
    named = named_stages()
    untouched = type(module) in known_types() and all(map(is_usual, module.modules()))
    if untouched and type(module) in named:
        return Found(named[type(module)](module), unreached_blocks({"": module}))
    passes = observe(module, x, (1,) if untouched or run_settings_of(module).alone else (1, 2, 3))
    children = dict(module.named_modules())
    known = trusted_parts(module, x, children, passes)

    def trusted(name: str) -> bool:
        path = [name[:end] for end, letter in enumerate(f"{name}.") if letter == "."]
        inside = [one for one in ("", *path) if one in known]
        if not inside or not all(map(is_usual, children[name].modules())):
            return False
        return all(is_usual(children[one]) for one in path if one.startswith(inside[0]))

    declared = {
        f"{name}.{stage}".lstrip("."): place
        for name, child in children.items()
        if (kind := next((one for one in named if isinstance(child, one)), None)) is not None
        for stage, place in named[kind](child).items()
    }
    own = {name: place for name, place in declared.items() if passes.whole(name)}
    tried = {name: Place(one.module, laid(one)) for name, one in own.items() if not trusted(name)}
    good = on_picture(module, x, tried).keys()
    own = {name: one for name, one in own.items() if name not in tried or name in good}
    if own:
        return Found(own, unreached_blocks({name: one for name, one in children.items() if passes.whole(name)}))
    blocks, unread = attention_blocks(module, x)
    observed = watch(module, x, passes, trusted, {*blocks, *unread})
    grids = {one for _, one in blocks.values()}
    others = {name: one for name, one in observed.stages.items() if passes.sides[name][1] not in grids}
    stages = others | {name: stage for name, (stage, _) in blocks.items()}
    notes = (*observed.notes, *([no_grad_cam(unread, UNREACHED)] if unread else []))
    return Found({name: stages[name] for name in passes.rows if name in stages}, notes)


def unreached_blocks(parts: Mapping[str, nn.Module]) -> tuple[Message, ...]:
    """A sentence on the last blocks of models that read only the class token after them."""
    last = last_blocks()
    kinds = {name: next((one for one in last if isinstance(part, one)), None) for name, part in parts.items()}
    names = [f"{name}.{last[kind](parts[name])}".lstrip(".") for name, kind in kinds.items() if kind is not None]
    return (no_grad_cam(names, UNREACHED),) if names else ()


def attention_blocks(module: nn.Module, x: Tensor) -> tuple[dict[str, tuple[Stage, int]], tuple[str, ...]]:
    """The blocks around taps whose output lies on a grid that the model's outputs depend on, with the side of it.

    All blocks where there is one grid, as in a vision transformer; else the last one of each grid. Then the names of
    those on a grid of which the outputs depend on other tokens only, as in the last block before a class token is read.
    """
    blocks = {stage.module: stage for stage in block_stages(module)}
    names = {name: blocks[part] for name, part in module.named_modules() if part in blocks}
    kept: dict[str, Tensor] = {}

    def keep(name: str, inputs: tuple[Any, ...], y: Any) -> None:
        kept[name] = first_of(y)

    with torch.enable_grad(), hooks({name: Place(one.module, laid(one)) for name, one in names.items()}, keep):
        logits = module(x.detach().clone().requires_grad_()) if names else x
    if not kept or not logits.requires_grad:
        return {}, ()
    gradients = torch.autograd.grad(logits.sum(), list(kept.values()), allow_unused=True)
    slopes = {name: one for name, one in zip(kept, gradients, strict=True) if one is not None}
    grids = {name: names[name].arrange(one) for name, one in slopes.items()}
    unread = tuple(name for name, one in grids.items() if bool(slopes[name].any()) and not bool(one.any()))
    used = {name: one.shape[-1] for name, one in grids.items() if bool(one.any()) and one.shape[2] == one.shape[3]}
    last = {side: name for name, side in used.items()}
    chosen = used if len(last) == 1 else last.values()
    return {name: (names[name], used[name]) for name in chosen}, unread


def laid(stage: Stage) -> Callable[[tuple[Any, ...], Any], Tensor]:
    """The output of a stage as a grid."""
    return lambda inputs, y: stage.arrange(first_of(y))


def trusted_parts(module: nn.Module, x: Tensor, children: dict[str, nn.Module], passes: Passes) -> set[str]:
    """The outermost parts of known architectures that run once, with all pictures unchanged."""
    if is_known(module):
        return {""}
    parts: list[str] = []
    for name, child in children.items():
        if is_known(child) and passes.whole(name) and not any(name.startswith(f"{one}.") for one in parts):
            parts.append(name)
    places = {name: Place(children[name], lambda inputs, y: inputs[0]) for name in parts}
    return set(on_picture(module, x, places))


def is_known(module: nn.Module) -> bool:
    """Whether a module is a whole architecture of ours or of torchvision, computing what its class defines."""
    return type(module) in known_types() and is_usual(module)


def is_usual(module: nn.Module) -> bool:
    """Whether a module is torch's, torchvision's or ours, without replaced methods or hooks."""
    own = type(module).__module__.startswith(("torch.", "torchvision.", "core."))
    return own and "forward" not in vars(module) and not hooked(module)
