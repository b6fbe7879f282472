"""Weights of an architecture whose parts were put into lists, as training code does with the children of a backbone.

``features = Sequential(*list(resnet.children())[:-1])`` names ``conv1`` ``features.0`` and ``layer1`` ``features.4``.
The numbers are the positions of the children of one module. Those without weights are counted as well, so the numbers
also show that none of them was left out. Names within the parts, and all shapes, are those of the architecture.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import pairwise, takewhile
from typing import Any

import torch
from torch import Tensor, nn

from core.models.user_models.recognition import is_compared

Shapes = Mapping[str, tuple[int, ...]]


@dataclass(frozen=True)
class Listed:
    """A list of children of the module ``target``, whose names in it begin with ``first``.

    ``children`` are those with weights, by their number in the list.
    """

    first: str
    target: str
    children: Mapping[int, str]

    @property
    def prefixes(self) -> dict[str, str]:
        """What the names of the tensors of each part begin with, in the list and in the architecture."""
        return {f"{self.first}{number}.": joined(self.target, name) + "." for number, name in self.children.items()}


def lists_in(own: Shapes, module: nn.Module) -> list[Listed] | None:
    """The lists among tensors, where all others have their name in the module.

    None where they are not its parts, or where a list fits in several places.
    """
    own, trees = {name: one for name, one in own.items() if is_compared(name)}, trees_of(module)
    numbered: dict[str, dict[int, Shapes]] = {}
    for part, inner in by_part(own).items():
        if inner == trees.get(part) or inner == {"": trees[""].get(part)}:
            continue
        first, parts = ("", {part: inner}) if part.isdecimal() else (f"{part}.", by_part(inner))
        if not all(number.isdecimal() for number in parts):
            return None
        numbered.setdefault(first, {}).update({int(number): one for number, one in parts.items()})
    found = [list(places(first, parts, module, trees)) for first, parts in numbered.items()]
    if any(len(one) != 1 for one in found):
        return None
    lists = [one for (one,) in found]
    return lists if len({usual_name(name, lists) for name in own}) == len(own) else None


def places(first: str, parts: Mapping[int, Shapes], module: nn.Module, trees: Mapping[str, Shapes]) -> Iterator[Listed]:
    """Where children of one module, one after another, have the tensors of the parts of a list."""
    for path, target in module.named_modules():
        names = [name for name, _ in target.named_children()]
        for before in range(len(names) - max(parts)):
            chosen = {number: names[before + number] for number in parts}
            if all(trees.get(joined(path, chosen[number])) == one for number, one in parts.items()):
                yield Listed(first, path, chosen)


def trees_of(module: nn.Module) -> dict[str, dict[str, tuple[int, ...]]]:
    """The shapes of the tensors within each part of a module that has some, by their names in the part."""
    trees: dict[str, dict[str, tuple[int, ...]]] = {}
    for name, tensor in module.state_dict().items():
        parts = name.split(".")
        for at in range(len(parts) if is_compared(name) else 0):
            trees.setdefault(".".join(parts[:at]), {})[".".join(parts[at:])] = tuple(tensor.shape)
    return trees


def by_part(own: Shapes) -> dict[str, dict[str, tuple[int, ...]]]:
    """Tensors by the first part of their names, and by the rest, which may be empty."""
    found: dict[str, dict[str, tuple[int, ...]]] = {}
    for name, shape in own.items():
        part, _, rest = name.partition(".")
        found.setdefault(part, {})[rest] = shape
    return found


def joined(path: str, name: str) -> str:
    """The path of a part."""
    return f"{path}.{name}".lstrip(".")


def usual_name(name: str, lists: Sequence[Listed]) -> str:
    """The name of a tensor in the architecture."""
    for one in lists:
        for listed, usual in one.prefixes.items():
            if name.startswith(listed):
                return usual + name.removeprefix(listed)
    return name


@torch.no_grad()
def runs_as_listed(module: nn.Module, lists: Sequence[Listed], head: str, x: Tensor) -> bool:
    """Whether a module does what its lists do: each child takes what the one before it puts out.

    If the lists hold all but the last layer, ``head``, it takes what the last of them puts out, or its mean over the
    positions. DenseNet, which has a ReLU there that is no child, does something else than its children in a row.
    """
    given: dict[str, list[Tensor]] = {}
    made: dict[str, list[Tensor]] = {}

    def keep(path: str, args: tuple[Any, ...]) -> None:
        given.setdefault(path, []).append(args[0].clone())  # the next layer may change it in place

    def record(path: str, y: Tensor) -> None:
        made.setdefault(path, []).append(y.clone())

    rows = [row_of(module, one) for one in lists]
    with ExitStack() as hooks:
        for path in {head, *(path for row in rows for path in row)}:
            part = module.get_submodule(path)
            before = part.register_forward_pre_hook(lambda _, args, path=path: keep(path, args))
            after = part.register_forward_hook(lambda _, __, y, path=path: record(path, y))
            hooks.callback(before.remove)
            hooks.callback(after.remove)
        try:
            module(x)
        except Exception:  # a part may take or put out anything
            return False
    if any(len(one) > 1 for one in made.values()):
        return False
    for one, row in zip(lists, rows, strict=True):
        ran = [path for path in row if path in made]
        last = joined(one.target, one.children[max(one.children)])
        needed = {path for path in row[: row.index(last) + 1] if type(module.get_submodule(path)) is not nn.Identity}
        follow = all(same(made[a][0].flatten(1), given[b][0].flatten(1)) for a, b in pairwise(ran))
        if not follow or not needed <= made.keys():
            return False
    others = [name for name, _ in module.named_parameters() if not name.startswith(f"{head}.")]
    if not all(any(name.startswith(f"{path}.") for row in rows for path in row) for name in others):
        return True  # other parts come between
    ends = [made[path][0] for row in rows for path in row if path in made]
    return any(same(pooled, given[head][0]) for end in ends[-1:] for pooled in pooled_of(end))


def row_of(module: nn.Module, one: Listed) -> list[str]:
    """The children of a list without gaps, and those without weights that come after them."""
    children = list(module.get_submodule(one.target).named_children())
    names = [name for name, _ in children]
    first, last = names.index(one.children[min(one.children)]), names.index(one.children[max(one.children)])
    after = takewhile(lambda child: not child[1].state_dict(), children[last + 1 :])
    return [joined(one.target, name) for name, _ in (*children[first : last + 1], *after)]


def pooled_of(y: Tensor) -> Iterator[Tensor]:
    """Features (b, ...) as a vector (b, c): all of them, or their mean over positions, channels first or last."""
    yield y.flatten(1)
    if y.ndim > 2:
        yield y.flatten(2).mean(2)
        yield y.flatten(1, -2).mean(1)


def same(a: Tensor, b: Tensor) -> bool:
    """Whether two tensors have the same numbers, but for rounding."""
    return a.shape == b.shape and torch.allclose(a, b, rtol=1e-4, atol=1e-6 + 1e-5 * float(b.abs().max()))
