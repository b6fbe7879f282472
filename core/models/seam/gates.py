"""Gates of timm and transformers: modules that multiply features by weights, which a part of them puts out.

``GATES`` states that part and the kind of the weights for each class. The weights are those that are multiplied by:
the tap is at the output of the part. They lie on the grid of what the module puts out, which is smaller than that of
its input where convolutions with a stride are a part of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from core.attention.tap import Tap
from core.kinds import Kind
from core.models.copying import hooked
from core.models.seam.bilinear import BilinearAttention
from core.models.seam.forwards import CrossedGate, Gate, InnerGate

SQUEEZED, ROUND, WHOLE = (Kind.CHANNEL,), (Kind.SPATIAL,), (Kind.CHANNEL, Kind.FEATURE)
EACH = (Kind.FEATURE,)

INNER = ""
"""In place of the part, for a channel gate whose forward takes the sigmoid itself."""

GATES: dict[str, tuple[str, tuple[Kind, ...]]] = {
    "timm.layers.squeeze_excite.SEModule": ("gate", SQUEEZED),
    "timm.layers.squeeze_excite.EffectiveSEModule": ("gate", SQUEEZED),
    "timm.layers.squeeze_excite.SqueezeExciteCl": ("gate", SQUEEZED),
    "timm.models._efficientnet_blocks.SqueezeExcite": ("gate", SQUEEZED),
    "timm.models.senet.SEModule": ("sigmoid", SQUEEZED),
    "timm.models.hgnet.EseModule": ("sigmoid", SQUEEZED),
    "timm.models.ghostnet.GhostModuleV2": ("gate_fn", EACH),
    "timm.models.ghostnet.GhostModuleV3": ("gate_fn", EACH),
    "timm.layers.eca.EcaModule": ("gate", SQUEEZED),
    "timm.layers.eca.CecaModule": ("gate", SQUEEZED),
    "timm.layers.cbam.ChannelAttn": ("gate", SQUEEZED),
    "timm.layers.cbam.LightChannelAttn": (INNER, SQUEEZED),
    "timm.layers.cbam.SpatialAttn": ("gate", ROUND),
    "timm.layers.cbam.LightSpatialAttn": ("gate", ROUND),
    "timm.layers.gather_excite.GatherExcite": ("gate", WHOLE),
    "timm.layers.global_context.GlobalContext": ("gate", SQUEEZED),
    "timm.layers.coord_attn.CoordAttn": ("gate", EACH),
    "timm.layers.coord_attn.SimpleCoordAttn": ("gate", EACH),
    "timm.layers.coord_attn.EfficientLocalAttn": ("gate", EACH),
    "timm.layers.coord_attn.StripAttn": ("gate", EACH),
    "timm.layers.selective_kernel.SelectiveKernel": ("attn", SQUEEZED),
    "timm.layers.split_attn.SplitAttn": ("rsoftmax", SQUEEZED),
    "transformers.models.regnet.modeling_regnet.RegNetSELayer": ("attention", SQUEEZED),
    "transformers.models.efficientnet.modeling_efficientnet.EfficientNetSqueezeExciteLayer": ("act_expand", SQUEEZED),
    "transformers.models.pp_lcnet.modeling_pp_lcnet.PPLCNetSqueezeExcitationModule": ("convolutions.3", SQUEEZED),
}
"""For each class, the part that puts out the weights, and the kinds that these may have."""
BRANCHES = {"timm.layers.selective_kernel.SelectiveKernel": "num_paths", "timm.layers.split_attn.SplitAttn": "radix"}
"""Gates whose weights sum to one over branches, and the number of these; "no attention" is their mean."""
COARSE = frozenset(("timm.models.ghostnet.GhostModuleV2", "timm.models.ghostnet.GhostModuleV3"))
"""Gates whose weights lie on a coarser grid than the features, and are repeated before these are multiplied."""
CROSSED = frozenset(("timm.layers.coord_attn.CoordAttn", "timm.layers.coord_attn.EfficientLocalAttn"))
"""Gates with weights of rows and of columns, from two runs of the part: a cell is multiplied by both."""
BILINEAR = "timm.layers.non_local_attn.BilinearAttnTransform"


@dataclass(eq=False)
class Run:
    """What a gate did in a pass: the shapes of the weights of each run of its part, and that of its output."""

    made: list[tuple[int, ...]] = field(default_factory=list)
    output: tuple[int, ...] = ()


def attach_gates(module: nn.Module, run: Callable[[], Any]) -> dict[str, Tap]:
    """Put a tap into each known gate of a module, in place; ``run`` runs the module. By the name of the gate."""
    places = {name: part for name, part in module.named_modules() if gate_of(part) is not None}
    runs = observe_gates(places, run)
    taps: dict[str, Tap] = {}
    for name, part in places.items():
        found, crossed = runs[name], class_name(part) in CROSSED
        if len(found.made) != 1 + crossed or not found.output:
            continue
        child, kinds = GATES[class_name(part)]
        last = class_name(part).endswith("Cl")  # channels last
        grid = found.output[1:3] if last else found.output[2:]
        made = torch.broadcast_shapes(*found.made)
        grid = made[2:] if class_name(part) in COARSE else grid
        kind, shape = kind_of(made, grid, last)
        if kind not in kinds or len(grid) != 2:
            continue
        branches = int(getattr(part, BRANCHES.get(class_name(part), ""), 1))
        taps[name] = Tap(kind, softmax=False, off=1 / branches)
        part.add_module("tap", taps[name])
        gate = part if crossed else part.get_submodule(child)
        through = CrossedGate if crossed else Gate if child else InnerGate
        gate.forward = through(gate.forward, taps[name], shape, (grid[0], grid[1]))
    return taps | attach_bilinear(module)


def observe_gates(places: Mapping[str, nn.Module], run: Callable[[], Any]) -> dict[str, Run]:
    """What each of these gates does while ``run`` runs their model."""
    runs = {name: Run() for name in places}
    handles = []
    for name, part in places.items():
        gate, one = part.get_submodule(GATES[class_name(part)][0]), runs[name]

        def keep(_: nn.Module, __: Any, y: Any, one: Run = one) -> None:
            one.output = tuple(y.shape) if isinstance(y, Tensor) else ()

        def weigh(_: nn.Module, __: Any, y: Any, one: Run = one, inner: bool = gate is part) -> None:
            # the weights of a gate that takes the sigmoid itself have the shape of one cell of its output
            one.made.append(tuple((y[..., :1, :1] if inner else y).shape) if isinstance(y, Tensor) else ())

        handles += [part.register_forward_hook(keep), gate.register_forward_hook(weigh)]
    try:
        with torch.no_grad():
            run() if places else None
    finally:
        for handle in handles:
            handle.remove()
    return runs


def attach_bilinear(module: nn.Module) -> dict[str, Tap]:
    """Put a tap into each bilinear attention of a module, in place; by its name."""
    taps: dict[str, Tap] = {}
    for name, part in module.named_modules():
        if class_name(part) == BILINEAR and not hooked(part) and "forward" not in vars(part):
            through = BilinearAttention(part)
            taps[name], vars(part)["forward"] = through.tap, through
    for name, tap in taps.items():
        module.get_submodule(name).add_module("tap", tap)
    return taps


def class_name(part: nn.Module) -> str:
    """The name of a module's class with its Python module."""
    return f"{type(part).__module__}.{type(part).__qualname__}"


def gate_of(part: nn.Module) -> nn.Module | None:
    """The part of a known gate that puts out the weights, if its code is unchanged."""
    known = GATES.get(class_name(part))
    if known is None or hooked(part) or "forward" in vars(part):
        return None
    try:
        gate = part.get_submodule(known[0])
    except AttributeError:
        return None
    untouched = not hooked(gate) and "forward" not in vars(gate)
    sigmoid = class_name(part) not in CROSSED or type(gate).__name__ == "Sigmoid"  # which ``CrossedGate`` looks for
    return gate if untouched and sigmoid else None


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
