"""Recognize the architecture of weights without a card, by the names and shapes of their tensors.

``recognized.json`` holds a digest of each architecture of torchvision and timm: of its tensors without those that
depend on the classes or on the size of the pictures. Architectures with the same digest are grouped by what they
compute (``groups``). Digests of names that differ only in the parts that hold the tensors are listed as well
(``parts``). ``python -m core.models.user_models.recognizable`` writes it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from math import isqrt
from pathlib import Path

from torch import Tensor

from core.models.files.weights import OPTIONAL, TRAINING_ONLY, WRAPPED, Weights
from core.models.libraries import timm_models, torchvision_models

TABLE = Path(__file__).with_name("recognized.json")
HEADS = (
    ("fc",), ("classifier",), ("head",), ("head.fc",), ("heads.head",), ("head", "head_dist"), ("classifier.1",),
    ("classifier.2",), ("classifier.3",), ("classifier.5",), ("classifier.6",), ("head.fc3",), ("head.l",),
    ("head.linear",), ("head", "head_dist.l"), ("head.l", "head_dist.l"), ("head.linear", "head_dist.linear"),
)  # fmt: skip
"""The layers that give the classes, in one architecture or another."""
SIZED = re.compile(r"(^|\.)(pos_embed|pos_embedding|position_embedding|relative_position_index|relative_coords_table)$")
"""Tensors whose shape depends on the size of the pictures, or that old files do not have."""


def is_compared(name: str) -> bool:
    """Whether all files of an architecture have a tensor of one shape with this name, its last layer apart."""
    return not OPTIONAL.search(name) and not SIZED.search(name)


def digest(shapes: Mapping[str, tuple[int, ...]], head: tuple[str, ...], parts: bool = True) -> str:
    """A digest of tensors by name, without the layers of the ``head``.

    Without ``parts``, it is that of the same tensors in any other parts: only the end of each name counts.
    """
    left_out = {f"{layer}.{end}" for layer in head for end in ("weight", "bias")}
    kept = sorted(
        f"{name if parts else name.rpartition('.')[2]}{list(shape)}"
        for name, shape in shapes.items()
        if name not in left_out and is_compared(name)
    )
    return hashlib.sha256("\n".join(kept).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Match:
    """The architectures whose tensors have the names and shapes of weights, and the number of ``classes``.

    Those of one group compute the same. Where a group has an architecture of torchvision and of timm by the same name,
    such as ``resnet18``, only torchvision's is given.
    """

    groups: tuple[tuple[str, ...], ...] = ()
    classes: int | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """All of them."""
        return tuple(name for group in self.groups for name in group)


def candidates(weights: Weights) -> Match:
    """The architectures of weights; the names of the tensors may have a prefix, as those of Lightning have."""
    for every in _unprefixed(weights):
        shapes = {name: shape for name, shape in every.items() if not TRAINING_ONLY.match(name)}
        for head in HEADS:
            last = shapes.get(f"{head[0]}.weight")
            found = groups_of(digest(shapes, head)) if last else ()
            if last and found:
                return Match(found, last[0])
    return Match()


def groups_of(key: str) -> tuple[tuple[str, ...], ...]:
    """The architectures with a digest, grouped by what they compute."""
    groups = _tables()[0].get(key, ())
    return tuple(tuple(name for name in group if _twin(name) not in group) for group in groups)


def groups_in_other_parts(key: str) -> tuple[tuple[tuple[str, ...], ...], ...]:
    """The same by a digest without parts: for each digest of names that architectures with these tensors have."""
    return tuple(groups_of(one) for one in _tables()[1].get(key, ()))


def names() -> tuple[str, ...]:
    """The architectures that can be recognized."""
    return tuple(sorted(name for groups in _tables()[0].values() for group in groups for name in group))


def _unprefixed(weights: Mapping[str, Tensor]) -> Iterable[dict[str, tuple[int, ...]]]:
    """Names and shapes, with each prefix that could be one of a wrapper removed."""
    shapes = {WRAPPED.sub("", name): tuple(tensor.shape) for name, tensor in weights.items()}
    prefixes = {""}
    for name in shapes:
        parts = name.split(".")
        prefixes |= {".".join(parts[:at]) + "." for at in range(1, min(len(parts), 5))}
    needed = {f"{head[0]}.weight" for head in HEADS}
    for prefix in sorted(prefixes, key=len):
        if any(prefix + one in shapes for one in needed):
            yield {name.removeprefix(prefix): shape for name, shape in shapes.items() if name.startswith(prefix)}


def _twin(name: str) -> str:
    """The name of torchvision's architecture with the name of one of timm."""
    family, _, own = name.partition("/")
    return f"{torchvision_models.FAMILY}/{own}" if family == timm_models.FAMILY else ""


@cache
def _tables() -> tuple[dict[str, tuple[tuple[str, ...], ...]], dict[str, tuple[str, ...]]]:
    found = json.loads(TABLE.read_text(encoding="utf-8"))
    groups = {key: tuple(map(tuple, one)) for key, one in found["groups"].items()}
    return groups, {key: tuple(one) for key, one in found["parts"].items()}


POSITIONS = ("pos_embed", "pos_embedding", "position_embedding")
PATCHES = ("patch_embed.proj.weight", "conv_proj.weight")


def outputs_of(weights: Weights) -> int:
    """The number of classes by the last layer's weights: that with the name of a head, else the last matrix."""
    ends = {f"{head[0]}.weight" for head in HEADS}
    named = [one for key, one in weights.items() if any(key == end or key.endswith("." + end) for end in ends)]
    flat = [one for one in weights.values() if one.ndim == 2]
    return int((named or flat)[-1].shape[0]) if named or flat else 1


def side_of(weights: Weights) -> int | None:
    """The side of a transformer's pictures, by its position embeddings and the size of its patches."""
    positions = next((one for key, one in weights.items() if key.endswith(POSITIONS) and one.ndim == 3), None)
    patches = next((one for key, one in weights.items() if key.endswith(PATCHES) and one.ndim == 4), None)
    if positions is None or patches is None:
        return None
    return isqrt(int(positions.shape[1])) * int(patches.shape[-1])
