"""Recognize weights whose last layer has another name than in its architecture, as after fine-tuning.

Training code replaces the last layer in several ways: ``model.fc = Sequential(Dropout(), Linear(512, k))``, or
``self.backbone`` without classes and ``self.head = Linear(192, k)`` next to it. All other tensors are those of the
architecture, by their names or in numbered parts (``renumbered``), so it is recognized by them, and all get their usual
names. Nothing is renamed if any tensor would be left over, or if there are two ways to do it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from core.messages import Message
from core.models.architecture import freeze
from core.models.files.weights import TRAINING_ONLY, WRAPPED, Weights
from core.models.files.weights_file import Checkpoint
from core.models.user_models.deciding import preferred, usual
from core.models.user_models.recognition import candidates, digest, groups_in_other_parts, groups_of, side_of
from core.models.user_models.renumbered import Listed, lists_in, runs_as_listed, usual_name
from core.models.user_models.stated_architecture import built, empty, fits
from core.types import InvalidInput

DEEP = 5
"""Parts of a name that may be a prefix."""
ENDS = ("weight", "bias")


@dataclass(frozen=True)
class Renamed:
    """The usual names of weights by those that they have in a file, of the ``architecture`` that they are.

    ``layer`` is the last layer in the file, ``head`` in the architecture; ``lists`` hold the other parts by number. The
    ``prefix`` of all others in the file is left out.
    """

    names: Mapping[str, str]
    architecture: str
    prefix: str
    layer: str
    head: str
    lists: Sequence[Listed] = field(default=(), compare=False)


def usual_head(weights: Weights, architecture: str | None = None) -> tuple[Weights, tuple[Message, ...]]:
    """The weights with the usual names, and notes on it; unchanged if they have these, or it is not clear.

    Layers of (k, d) are compared with the last one of the architecture, (k', d), by their inputs. Where the caller
    states the ``architecture``, numbered parts are only compared with this one.
    """
    if any(fits(name, weights, ()) for name in candidates(weights).names[:1]):
        return weights, ()
    plain = {WRAPPED.sub("", name): tensor for name, tensor in weights.items()}
    found = [one for prefix, layer in _layers(plain) for one in _renamed(plain, prefix, layer, architecture)]
    if len({frozenset(one.names.items()) for one in found}) != 1:
        return weights, ()
    first = found[0]
    if all(name == first.prefix + usual for name, usual in first.names.items()):
        return weights, ()
    renamed = Checkpoint({first.names.get(name, name): tensor for name, tensor in plain.items()})
    renamed.content = weights.content if isinstance(weights, Checkpoint) else {}
    if first.lists and architecture is None and not all(proven(first, name) for name in taken(renamed)):
        return weights, ()
    return renamed, tuple(notes_on(first))


def taken(weights: Weights) -> Iterator[str]:
    """The architectures of weights of which one would be assumed: the preferred one, or one of each group."""
    match, side = candidates(weights), side_of(weights)
    name = preferred(match, side)
    yield from (group[0] for group in match.groups) if name is None else [name]


def proven(one: Renamed, architecture: str) -> bool:
    """Whether an architecture has these lists, and runs their parts one after another."""
    side = usual(architecture)[0]
    module = freeze(built(architecture, 2, side, "cpu"))
    picture = torch.rand(1, 3, side, side, generator=torch.Generator().manual_seed(1))
    return runs_as_listed(module, one.lists, one.head, picture)


def notes_on(one: Renamed) -> Iterator[Message]:
    """What was assumed when weights got their usual names."""
    if one.layer != one.prefix + one.head:
        yield Message(
            "The last layer of the weights, {layer}, is used as the last layer of the architecture. Layers without "
            "weights before it are unknown: dropout does not change the logits, any other layer would.",
            layer=one.layer,
        )
    if one.lists:
        yield Message(
            "The weights hold the parts of {name} by number, in its order. Layers without weights between them, and "
            "after the last one, are assumed to be those of the architecture.",
            name=one.architecture,
        )


def _layers(weights: Mapping[str, Tensor]) -> Iterator[tuple[str, str]]:
    """Prefixes that most of the names have, each with the linear layers that might be the last one after it.

    It stands outside the prefix, or else alone in its part: ``fc.1`` where nothing else begins with ``fc``.
    """
    linear = [name.removesuffix(".weight") for name, one in weights.items() if one.ndim == 2 and ".weight" in name]
    parts = [name.split(".") for name in weights]
    counts = Counter(".".join(one[:at]) + "." for one in parts for at in range(1, min(len(one), DEEP)))
    prefixes = ["", *(prefix for prefix, count in counts.items() if 2 * count > len(weights))]
    for prefix in prefixes:
        for layer in linear:
            own = layer.removeprefix(prefix).partition(".")[0] + "."
            inside = [name for name in weights if name.startswith(prefix + own)]
            if not layer.startswith(prefix) or all(name.startswith(f"{layer}.") for name in inside):
                yield prefix, layer


def _renamed(weights: Mapping[str, Tensor], prefix: str, layer: str, architecture: str | None) -> Iterator[Renamed]:
    """The usual names if all tensors but a ``layer`` are those of an architecture after the ``prefix``."""
    rest = {name: one for name, one in weights.items() if name.rpartition(".")[0] != layer}
    own = {name.removeprefix(prefix): one for name, one in rest.items() if name.startswith(prefix)}
    own = {name: one for name, one in own.items() if not TRAINING_ONLY.match(name)}
    outside = [name for name in rest if not name.startswith(prefix)]
    top = prefix[: prefix[:-1].rfind(".") + 1]
    if not all(TRAINING_ONLY.match(name.removeprefix(top)) for name in outside):
        return
    shapes = {name: tuple(one.shape) for name, one in own.items()}
    last = weights[f"{layer}.weight"]
    groups = groups_of(digest(shapes, ()))
    if groups:
        yield from _with_lists(groups[0][0], own, [], prefix, layer, last)
        return
    others = groups_in_other_parts(digest(shapes, (), parts=False))
    names = [group[0] for groups in others for group in groups] if architecture is None else [architecture]
    for name in names:
        try:
            lists = lists_in(shapes, built(name, len(last), None))
        except InvalidInput:
            continue
        if lists:
            yield from _with_lists(name, own, lists, prefix, layer, last)


def _with_lists(
    architecture: str, own: Weights, lists: Sequence[Listed], prefix: str, layer: str, last: Tensor
) -> Iterator[Renamed]:
    """The usual names of tensors in lists, if those of the architecture are the same but for its last layer."""
    names = {name: usual_name(name, lists) for name in own}
    found = {names[name]: one for name, one in own.items()}
    try:
        full = empty(architecture, {**found, f"{layer}.weight": last}, side_of(found))
    except InvalidInput:  # it cannot be built for pictures of this size
        return
    heads = {name.rpartition(".")[0] for name in full if name not in found and not name.endswith("num_batches_tracked")}
    usable = [name for name in heads if f"{name}.weight" in full and full[f"{name}.weight"].ndim == 2]
    if len(heads) != 1 or len(usable) != 1 or full[f"{usable[0]}.weight"].shape[1] != last.shape[1]:
        return
    moved = {prefix + name: usual for name, usual in names.items()}
    moved |= {f"{layer}.{end}": f"{usable[0]}.{end}" for end in ENDS}
    yield Renamed(moved, architecture, prefix, layer, usable[0], lists)
