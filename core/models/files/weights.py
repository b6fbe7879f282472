"""Load weights into a module, whatever prefix training code added to their names."""

from __future__ import annotations

import re
from collections import Counter, OrderedDict
from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn

from core.files import first_line
from core.messages import Message
from core.models.files.integrity import check_numbers
from core.models.files.weights_file import Weights, read_weights
from core.types import InvalidInput

__all__ = ["Weights", "fit", "read_weights", "remark", "select"]

SHOWN = 3
"""The most names of each kind in a message."""

PLAIN = {"state_dict", "model_state_dict", "model_state", "model", "net", "network", "module", "_orig_mod", "weights",
         "params", "student", "online", "generator"}  # fmt: skip
"""Names of the weights themselves in files that also hold averages or others."""
AVERAGED = re.compile(r"(^|[._])(ema|averaged?|avg|swa|teacher|target|shadow|momentum|polyak|k)([._]|$)", re.I)
"""Names of running averages of the weights, and of networks that follow another one in training."""

OPTIONAL = re.compile(r"(^|\.)num_batches_tracked$")
"""The counters of batch normalization, which older files do not have."""
TRAINING_ONLY = re.compile(
    r"(\w*(loss|losses|loss_f|loss_fn|loss_func|loss_function|criterion|criteria|metrics?|acc|accuracy|f1|auroc|confmat)"
    r"|optimi[sz]ers?|optim|(lr_)?schedulers?|scaler|AuxLogits|aux[12])\.|n_averaged$|(.*\.)?total_(ops|params)$",
    re.I,
)
"""Other entries in a file: losses, metrics, heads that are only for training."""
WRAPPED = re.compile(r"(?<![^.])(module|_orig_mod)\.")
"""Prefixes of parts that were wrapped by data-parallel training or ``torch.compile``."""


def fit(module: nn.Module, weights: Weights, name: str) -> nn.Module:
    """Load weights into the module; halves become the module's own precision.

    Raises:
        InvalidInput: they are not finite, or do not match; with the names that are missing, unexpected, or of another
            shape.
    """
    own = module.state_dict()
    prefix, found = select(own, weights, name)
    whole = [key for key in own if key in found and own[key].is_floating_point() > found[key].is_floating_point()]
    try:
        if whole:
            raise ValueError("whole numbers are not weights")
        module.load_state_dict(_versioned(found, own))  # handles the names of older versions of torchvision
    except Exception as error:
        shapes = {key: (list(found[key].shape), list(own[key].shape)) for key in own if key in found}
        kinds = [f"{key} {found[key].dtype}".replace("torch.", "") for key in whole]
        lists = [
            (Message("missing"), [key for key in own if key not in found]),
            (Message("unexpected"), sorted(key for key in found if key not in own)),
            (Message("of the wrong shape"), [f"{key} {a} for {b}" for key, (a, b) in shapes.items() if a != b]),
            (Message("of whole numbers, as in quantized weights"), kinds),
        ]
        wrong = [Message("{what} ({names})", what=what, names=_few(names)) for what, names in lists if names]
        if prefix:
            raise InvalidInput(
                "The weights of {name}, without '{prefix}' before each name, do not match its architecture: "
                "{wrong}. Choose the architecture that they were trained with.",
                name=name,
                prefix=prefix,
                wrong=wrong or first_line(error),
            ) from error
        raise InvalidInput(
            "The weights of {name} do not match its architecture: {wrong}. "
            "Choose the architecture that they were trained with.",
            name=name,
            wrong=wrong or first_line(error),
        ) from error
    check_numbers(module, name)
    return module


def _versioned(found: Weights, own: Mapping[str, Tensor]) -> Weights:
    """The weights with the version of the module itself, which files of weights do not state and MNASNet needs."""
    stated = OrderedDict(found)
    stated._metadata = {"": getattr(own, "_metadata", {}).get("", {})}  # type: ignore[attr-defined]
    return stated


def select(own: Mapping[str, Tensor], weights: Weights, name: str) -> tuple[str, Weights]:
    """The tensors of a file that belong to a module, by the module's names, and their prefix in the file.

    Data-parallel training, ``torch.compile``, Lightning and other wrappers add a prefix to all names. Any prefix is
    found if the names after it are those of the module, and so are prefixes of single parts from the first two, as in
    ``features.module.0.weight``. Names that match unchanged are kept. Of several sets, the weights themselves are
    taken, not their averages.

    Raises:
        InvalidInput: several sets match, and none is known to be the weights themselves.
    """
    weights = _unwrapped(own, weights)
    fitting = _fitting(own, weights)
    prefix = fitting[0] if len(fitting) == 1 else _choose(fitting, own, weights, name)
    found = {key.removeprefix(prefix): tensor for key, tensor in weights.items() if key.startswith(prefix)}
    return prefix, {key: tensor for key, tensor in found.items() if key in own or not TRAINING_ONLY.match(key)}


def remark(module: nn.Module, weights: Weights, name: str) -> str:
    """A note for a file with several sets of weights, one of which was taken; "" for any other file."""
    own = module.state_dict()
    weights = _unwrapped(own, weights)
    fitting = _fitting(own, weights)
    if len(fitting) == 1:
        return ""
    taken = _choose(fitting, own, weights, name)
    return Message(
        "The file holds several sets of weights. Those of '{taken}' are used, not those of {others}.",
        taken=taken.rstrip("."),
        others=[Message("'{name}'", name=one.rstrip(".")) for one in fitting if one != taken],
    )


def _fitting(own: Iterable[str], weights: Weights) -> list[str]:
    """The prefixes of the sets of tensors that match; the best one if none does."""
    needed = {key for key in own if not OPTIONAL.search(key)}
    counts = _counts(needed, weights)
    most = max(counts.values(), default=0)
    if 2 * most < len(needed):  # few match: take their common prefix
        return [_common(weights)]
    fitting = sorted(prefix for prefix, count in counts.items() if count == most)
    return [""] if "" in fitting else fitting


def _counts(needed: Iterable[str], weights: Iterable[str]) -> Counter[str]:
    """The number of names after each prefix."""
    counts: Counter[str] = Counter()
    for key in weights:
        counts.update(key[: len(key) - len(end)] for end in _ends(key) if end in needed)
    return counts


def _unwrapped(own: Mapping[str, Tensor], weights: Weights) -> Weights:
    """The weights without prefixes of single parts, if more of the names match then."""
    bare = {WRAPPED.sub("", key): tensor for key, tensor in weights.items()}
    if len(bare) < len(weights):  # some would be lost
        return weights
    before, after = (max(_counts(own, some).values(), default=0) for some in (weights, bare))
    return bare if after > before else weights


def _choose(prefixes: list[str], own: Iterable[str], weights: Weights, name: str) -> str:
    """The prefix of the weights themselves, among several that match."""
    raw = [one for one in prefixes if not AVERAGED.search(one)] or prefixes
    first, *others = raw
    some = [key for key in own if first + key in weights]
    if all(one + key in weights and _same(weights[first + key], weights[one + key]) for one in others for key in some):
        return first
    known = [one for one in raw if PLAIN.issuperset(one.rstrip(".").split("."))]
    if len(known) != 1:
        raise InvalidInput(
            "The file of {name} holds several sets of weights that match: {several}. Save only one of them.",
            name=name,
            several=[one.rstrip(".") for one in raw],
        )
    return known[0]


def _same(one: Tensor, other: Tensor) -> bool:
    return one is other or (one.shape == other.shape and torch.equal(one, other))


def _ends(key: str) -> list[str]:
    """A dotted name and its endings, without its first parts."""
    parts = key.split(".")
    return [".".join(parts[start:]) for start in range(len(parts))]


def _common(names: Iterable[str]) -> str:
    """The common prefix of several dotted names, in whole parts."""
    parts = [one.split(".")[:-1] for one in names]
    count = next(
        (at for at, some in enumerate(zip(*parts, strict=False)) if len(set(some)) > 1), min(map(len, parts), default=0)
    )
    return "".join(f"{one}." for one in parts[0][:count]) if parts else ""


def _few(names: list[str]) -> list[str]:
    more = len(names) - SHOWN
    return [*names[:SHOWN], Message("and {count} more", count=more)] if more > 0 else names
