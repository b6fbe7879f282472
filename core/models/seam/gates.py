"""Gates of timm and transformers: modules that multiply their input by weights, which a part of them puts out.

``GATES`` states that part and the kind of the weights for each class. The weights are those that are multiplied by:
the tap is at the output of the part.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from core.attention.tap import Tap
from core.kinds import Kind
from core.models.copying import hooked
from core.models.seam.forwards import Gate, InnerGate

SQUEEZED, ROUND, WHOLE = (Kind.CHANNEL,), (Kind.SPATIAL,), (Kind.CHANNEL, Kind.FEATURE)

INNER = ""
"""In place of the part, for a gate of channels whose forward takes the sigmoid itself."""

GATES: dict[str, tuple[str, tuple[Kind, ...]]] = {
    "timm.layers.squeeze_excite.SEModule": ("gate", SQUEEZED),
    "timm.layers.squeeze_excite.EffectiveSEModule": ("gate", SQUEEZED),
    "timm.layers.squeeze_excite.SqueezeExciteCl": ("gate", SQUEEZED),
    "timm.models._efficientnet_blocks.SqueezeExcite": ("gate", SQUEEZED),
    "timm.models.senet.SEModule": ("sigmoid", SQUEEZED),
    "timm.layers.eca.EcaModule": ("gate", SQUEEZED),
    "timm.layers.eca.CecaModule": ("gate", SQUEEZED),
    "timm.layers.cbam.ChannelAttn": ("gate", SQUEEZED),
    "timm.layers.cbam.LightChannelAttn": (INNER, SQUEEZED),
    "timm.layers.cbam.SpatialAttn": ("gate", ROUND),
    "timm.layers.cbam.LightSpatialAttn": ("gate", ROUND),
    "timm.layers.gather_excite.GatherExcite": ("gate", WHOLE),
    "timm.layers.global_context.GlobalContext": ("gate", SQUEEZED),
    "timm.layers.selective_kernel.SelectiveKernel": ("attn", SQUEEZED),
    "timm.layers.split_attn.SplitAttn": ("rsoftmax", SQUEEZED),
    "transformers.models.regnet.modeling_regnet.RegNetSELayer": ("attention", SQUEEZED),
    "transformers.models.efficientnet.modeling_efficientnet.EfficientNetSqueezeExciteLayer": ("act_expand", SQUEEZED),
}
"""For each class, the part that puts out the weights, and the kinds that these may have."""
BRANCHES = {"timm.layers.selective_kernel.SelectiveKernel": "num_paths", "timm.layers.split_attn.SplitAttn": "radix"}
"""Gates whose weights sum to one over branches, and the number of these; "no attention" is their mean."""


def attach_gates(module: nn.Module, run: Callable[[], Any]) -> dict[str, Tap]:
    """Put a tap into each known gate of a module, in place; ``run`` runs the module. By the name of the gate."""
    places = {name: part for name, part in module.named_modules() if gate_of(part) is not None}
    shapes: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = {}
    counts: dict[str, int] = {}

    def keep(name: str, x: Any, y: Any) -> None:
        counts[name] = counts.get(name, 0) + 1
        if isinstance(y, Tensor):
            shapes[name] = tuple(x.shape), tuple(y.shape)

    inputs: dict[str, Any] = {}
    handles = []
    for name, part in places.items():
        gate = part.get_submodule(GATES[class_name(part)][0])
        handles.append(part.register_forward_pre_hook(lambda _, given, name=name: inputs.__setitem__(name, given[0])))
        cut = (lambda y: y[..., :1, :1]) if gate is part else (lambda y: y)  # the weights have the shape of one cell
        handles.append(
            gate.register_forward_hook(lambda _, __, y, name=name, cut=cut: keep(name, inputs[name], cut(y)))
        )
    try:
        with torch.no_grad():
            run() if places else None
    finally:
        for handle in handles:
            handle.remove()
    taps: dict[str, Tap] = {}
    for name, part in places.items():
        child, kinds = GATES[class_name(part)]
        if name not in shapes or counts[name] != 1:
            continue
        given, made = shapes[name]
        last = class_name(part).endswith("Cl")  # channels last
        grid = given[1:3] if last else given[2:]
        kind, shape = kind_of(made, grid, last)
        if kind not in kinds or len(grid) != 2:
            continue
        branches = int(getattr(part, BRANCHES.get(class_name(part), ""), 1))
        taps[name] = Tap(kind, softmax=False, off=1 / branches)
        part.add_module("tap", taps[name])
        gate = part.get_submodule(child)
        through = Gate if child else InnerGate
        gate.forward = through(gate.forward, taps[name], shape, (grid[0], grid[1]))
    return taps


def class_name(part: nn.Module) -> str:
    """The name of a module's class with its Python module."""
    return f"{type(part).__module__}.{type(part).__qualname__}"


def gate_of(part: nn.Module) -> nn.Module | None:
    """The part of a known gate that puts out the weights, if its code is unchanged."""
    known = GATES.get(class_name(part))
    if known is None or hooked(part) or "forward" in vars(part):
        return None
    gate = part._modules.get(known[0]) if known[0] else part
    return None if gate is None or hooked(gate) or "forward" in vars(gate) else gate


def kind_of(made: tuple[int, ...], grid: tuple[int, ...], last: bool) -> tuple[Kind | None, tuple[int, ...]]:
    """The kind of weights of the shape ``made``, and the shape of those of one picture for a tap."""
    if len(made) == 2 or (len(made) == 3 and made[1] == 1):  # (b, c), (b, 1, c)
        return Kind.CHANNEL, made[-1:]
    if len(made) == 5 and made[3:] == (1, 1):  # (b, branches, c, 1, 1)
        return Kind.CHANNEL, (made[1] * made[2],)
    if len(made) != 4:
        return None, ()
    cells, channels = (made[1:3], made[3]) if last else (made[2:], made[1])
    if cells == (1, 1):
        return Kind.CHANNEL, (channels,)
    if cells != grid:
        return None, ()
    return (Kind.SPATIAL, cells) if channels == 1 else (Kind.FEATURE, (channels, *cells))
