"""Recognize weights whose last layer has another name than in its architecture, as after fine-tuning.

Training code replaces the last layer in several ways: ``model.fc = Sequential(Dropout(), Linear(512, k))``, or
``self.backbone`` without classes and ``self.head = Linear(192, k)`` next to it. All other tensors are those of the
architecture, so it is recognized by them, and the last layer gets its usual name. Nothing is renamed if any tensor
would be left over.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from torch import Tensor

from core.messages import Message
from core.models.recognition import candidates, digest, groups_of, side_of
from core.models.stated_architecture import empty, fits
from core.models.weights import TRAINING_ONLY, WRAPPED, Weights
from core.models.weights_file import Checkpoint
from core.types import InvalidInput

DEEP = 5
"""Parts of a name that may be a prefix."""
ENDS = ("weight", "bias")


def usual_head(weights: Weights) -> tuple[Weights, Message | None]:
    """The weights with the usual name of their last layer, and a note; unchanged if they have it, or it is not clear.

    Layers of (k, d) are compared with the last one of the architecture, (k', d), by their inputs.
    """
    if any(fits(name, weights, ()) for name in candidates(weights).names[:1]):
        return weights, None
    plain = {WRAPPED.sub("", name): tensor for name, tensor in weights.items()}
    renamed = {(layer, new) for prefix, layer in _layers(plain) if (new := _usual(plain, prefix, layer)) is not None}
    if len(renamed) != 1:
        return weights, None
    layer, new = renamed.pop()
    if layer == new:
        return weights, None
    moved = {f"{layer}.{end}": f"{new}.{end}" for end in ENDS}
    found = Checkpoint({moved.get(name, name): tensor for name, tensor in plain.items()})
    found.content = weights.content if isinstance(weights, Checkpoint) else {}
    note = Message(
        "The last layer of the weights, {layer}, is used as the last layer of the architecture. Layers without weights "
        "before it are unknown: dropout does not change the logits, any other layer would.",
        layer=layer,
    )
    return found, note


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


def _usual(weights: Mapping[str, Tensor], prefix: str, layer: str) -> str | None:
    """The usual name of a ``layer`` if all other tensors are those of an architecture after the ``prefix``."""
    rest = {name: one for name, one in weights.items() if name.rpartition(".")[0] != layer}
    own = {name.removeprefix(prefix): one for name, one in rest.items() if name.startswith(prefix)}
    own = {name: one for name, one in own.items() if not TRAINING_ONLY.match(name)}
    outside = [name for name in rest if not name.startswith(prefix)]
    top = prefix[: prefix[:-1].rfind(".") + 1]
    if not all(TRAINING_ONLY.match(name.removeprefix(top)) for name in outside):
        return None
    groups = groups_of(digest({name: tuple(one.shape) for name, one in own.items()}, ()))
    if not groups:
        return None
    last = weights[f"{layer}.weight"]
    try:
        full = empty(groups[0][0], {**own, f"{layer}.weight": last}, side_of(own))
    except InvalidInput:  # it cannot be built for pictures of this size
        return None
    heads = {name.rpartition(".")[0] for name in full if name not in own and not name.endswith("num_batches_tracked")}
    found = [name for name in heads if f"{name}.weight" in full and full[f"{name}.weight"].ndim == 2]
    if len(heads) != 1 or len(found) != 1 or full[f"{found[0]}.weight"].shape[1] != last.shape[1]:
        return None
    return prefix + found[0]
