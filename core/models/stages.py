"""Find the stages with a Grad-CAM: modules whose features line up with the picture."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from core.models.geometry import Place, hooks, on_picture, textures
from core.models.limits import ELSEWHERE, SEVERAL, TWICE, no_grad_cam


def channels_first(y: Tensor) -> Tensor:
    """(b, h, w, c) -> (b, c, h, w)."""
    return y.permute(0, 3, 1, 2)


def as_it_is(y: Tensor) -> Tensor:
    """An output that is (b, c, h, w) already."""
    return y


def first_of(y: Any) -> Any:
    """The features in a module's output: the first of several, such as those that transformers' blocks return."""
    return y[0] if isinstance(y, tuple) and y else y


def with_first(y: Any, features: Tensor) -> Any:
    """The same output with other features."""
    return (features, *y[1:]) if isinstance(y, tuple) else features


@dataclass(frozen=True, eq=False)
class Stage:
    """A ``module`` and how to ``arrange`` the features that it puts out (``first_of``) as a grid (b, c, h, w)."""

    module: nn.Module
    arrange: Callable[[Tensor], Tensor] = as_it_is


@dataclass(frozen=True, eq=False)
class Found:
    """The ``stages`` of a model by name, first to last, and ``notes`` on why other modules are not stages."""

    stages: dict[str, Stage]
    notes: tuple[str, ...] = ()

    def of(self, module: nn.Module) -> Found:
        """The same for a copy of the model."""
        own = {name: Stage(module.get_submodule(name), stage.arrange) for name, stage in self.stages.items()}
        return Found(own, self.notes)


@dataclass(eq=False)
class Passes:
    """A record of a model's modules in passes with one, two and three pictures.

    ``rows`` (by name, in the order in which modules finish) holds for each pass, by its number of pictures, the batch
    size of each output of the module, None for no tensor. ``sides`` are those of its input and output grids, and
    ``used`` names the modules whose grid affects the outputs.
    """

    rows: dict[str, dict[int, list[int | None]]] = field(default_factory=dict)
    sides: dict[str, tuple[int | None, int | None]] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    counts: tuple[int, ...] = ()

    def whole(self, name: str) -> bool:
        """Whether a module runs once in each pass, with all pictures and no other."""
        return not name or all(self.rows.get(name, {}).get(count) == [count] for count in self.counts)

    def is_step(self, name: str) -> bool:
        """Whether the modules within one have only the grids of its input and its output: it is not several stages."""
        within = {out for one, (_, out) in self.sides.items() if out and one.startswith(f"{name}.")}
        return within <= set(self.sides[name])

    def why(self, name: str) -> str | None:
        """Why a module that ran did not do so once with all pictures; None where it did, or gives no features."""
        runs = self.rows.get(name, {})
        if self.whole(name) or not runs or any(None in one for one in runs.values()):
            return None
        if self.sides[name][0] is None and all(runs.get(count) == [1] for count in self.counts):
            return None  # parameters, such as a bias for each position
        often = any(len(runs.get(count, [])) > 1 for count in self.counts)
        return TWICE if often else SEVERAL


def observe(module: nn.Module, x: Tensor, counts: tuple[int, ...] = (1, 2, 3)) -> Passes:
    """Run a model on batches of synthetic pictures like ``x`` (1, 3, size, size), and record its modules.

    A batch of one is not enough: two rows made from one picture look like a batch of two.
    """
    passes = Passes(counts=counts)
    kept: dict[str, Tensor] = {}
    children = {name: child for name, child in module.named_modules() if name}
    places = {name: Place(child, lambda inputs, y: first_of(y)) for name, child in children.items()}
    drawn = textures(max(counts), x.shape[-1]).to(x)
    for count in counts:

        def record(name: str, inputs: tuple[Any, ...], y: Any, count: int = count) -> None:
            y = first_of(y)
            runs = passes.rows.setdefault(name, {}).setdefault(count, [])
            runs.append(len(y) if isinstance(y, Tensor) and y.ndim else None)
            if count == 1:
                passes.sides[name] = (side(inputs[0] if inputs else None), side(y))
                if passes.sides[name][1]:
                    kept[name] = y

        with torch.set_grad_enabled(count == 1), hooks(places, record):
            logits = module(drawn[:count].clone().requires_grad_(count == 1))
        if count == 1:
            passes.used = read(logits, kept)
            kept.clear()
    return passes


def watch(
    module: nn.Module, x: Tensor, passes: Passes, trusted: Callable[[str], bool], blocks: Collection[str] = ()
) -> Found:
    """The stages of any model: for each size of grid, the last one that lines up with the picture.

    A grid is (b, c, side, side) and larger than one cell. Skipped are modules that do not run once with all pictures,
    modules whose output does not affect the model's outputs, and modules within a larger one that changes their size,
    which belong to the next stage. Of two modules with the same grid, it is the outer one. Whether a grid lines up with
    the picture is tested (``geometry``), except for ``trusted`` modules. Of the parts of ``blocks``, which are stages
    themselves, such as the dropout of attention weights, no sentence states that they are none.
    """
    children = dict(module.named_modules())

    def leads_on(name: str) -> bool:
        own, parts = passes.sides[name][1], name.split(".")
        above = [".".join(parts[:depth]) for depth in range(1, len(parts))]
        steps = (passes.sides[one] for one in above if one in passes.sides and passes.is_step(one))
        return any(before == own != after for before, after in steps)

    def tried(names: Iterable[str]) -> set[str]:
        names = set(names)
        sure = {name for name in names if trusted(name)}
        places = {name: Place(children[name], lambda inputs, y: first_of(y)) for name in names - sure}
        return sure | on_picture(module, x, places).keys()

    by_side: dict[int, list[str]] = {}
    for name, (_, out) in passes.sides.items():
        if out and name in passes.used and passes.whole(name) and not leads_on(name):
            by_side.setdefault(out, []).append(name)
    good = tried(names[-1] for names in by_side.values())
    good |= tried(name for names in by_side.values() if names[-1] not in good for name in names[:-1])
    last = {names[-1] for names in ([one for one in names if one in good] for names in by_side.values()) if names}
    stages = {name: Stage(children[name]) for name in passes.sides if name in last}
    elsewhere = [name for names in by_side.values() if not good & set(names) for name in names]
    elsewhere = [name for name in elsewhere if not any(name.startswith(f"{one}.") for one in blocks)]
    return Found(stages, explain_missing(children, passes, elsewhere))


def explain_missing(children: dict[str, nn.Module], passes: Passes, elsewhere: Collection[str]) -> tuple[str, ...]:
    """A sentence for each reason why modules with a grid are not stages; of nested ones the outermost is named.

    Modules without weights that run several times, such as a shared ReLU, are not mentioned.
    """
    reasons = {name: why for name in passes.rows if (why := passes.why(name)) and gives_grid(name, children, passes)}
    reasons = {name: why for name, why in reasons.items() if any(True for _ in children[name].parameters())}
    reasons |= dict.fromkeys(elsewhere, ELSEWHERE)
    outer = {name: why for name, why in reasons.items() if not any(name.startswith(f"{one}.") for one in reasons)}
    return tuple(
        no_grad_cam([name for name, one in outer.items() if one == why], why) for why in dict.fromkeys(outer.values())
    )


def gives_grid(name: str, children: dict[str, nn.Module], passes: Passes) -> bool:
    """Whether the output of a module, or of one within it, is a grid."""
    return any(out for one, (_, out) in passes.sides.items() if one == name or one.startswith(f"{name}."))


def read(logits: Tensor, grids: dict[str, Tensor]) -> set[str]:
    """The names of the grids that the logits depend on."""
    known = {name: grid for name, grid in grids.items() if grid.requires_grad}
    if not known or not logits.requires_grad:
        return set()
    gradients = torch.autograd.grad(logits.sum(), list(known.values()), allow_unused=True)
    return {name for name, gradient in zip(known, gradients, strict=True) if gradient is not None}


def side(y: object) -> int | None:
    """The side of a square grid (b, c, side, side) of more than one cell; None for anything else."""
    if isinstance(y, Tensor) and y.ndim == 4 and y.shape[-1] == y.shape[-2] > 1:
        return y.shape[-1]
    return None
