"""Recognize the architecture of weights without a card, by the names and shapes of their tensors.

``recognized.json`` holds a digest of each architecture: of its tensors without those that depend on the classes or on
the size of the pictures. ``python -m core.models.recognition`` writes it for the architectures in ``PATTERNS``.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from functools import cache
from math import isqrt
from pathlib import Path

import torch
from torch import Tensor

from core.models import timm_models, torchvision_models
from core.models.libraries import library
from core.models.weights import OPTIONAL, WRAPPED, Weights

TABLE = Path(__file__).with_name("recognized.json")
PATTERNS = (
    "resnet[0-9]*", "resnext50_32x4d", "wide_resnet50_2", "seresnet50", "ecaresnet26t", "cspresnet50", "densenet121",
    "vit_tiny_patch16_224", "vit_small_patch16_224", "vit_small_patch32_224", "vit_base_patch16_224",
    "vit_base_patch32_224", "vit_large_patch16_224", "vit_little_patch16_reg4_gap_256", "vit_small_patch14_reg4_dinov2",
    "vit_small_patch14_dinov2", "vit_base_patch14_dinov2", "deit_*_patch16_224", "deit3_small_patch16_224",
    "beit_base_patch16_224", "beitv2_base_patch16_224", "cait_xxs24_224", "swin_*_patch4_window7_224",
    "coatnet_nano_rw_224", "maxvit_tiny_rw_224", "pvt_v2_b[0-2]", "mixer_b16_224", "xcit_tiny_12_p16_224",
    "convnext_atto", "convnext_femto", "convnext_pico", "convnext_nano", "convnext_tiny", "convnext_small",
    "convnext_base", "convnextv2_atto", "convnextv2_femto", "convnextv2_pico", "convnextv2_nano", "convnextv2_tiny",
    "efficientnet_b[0-4]", "tf_efficientnet_b[0-4]", "tf_efficientnet_lite[0-4]", "efficientnet_lite[0-4]",
    "tf_efficientnetv2_s", "efficientnetv2_s", "efficientnetv2_rw_s", "mobilenetv2_100", "mobilenetv3_small_100",
    "mobilenetv3_large_100", "tf_mobilenetv3_small_100", "tf_mobilenetv3_large_100",
    "mobilenetv4_conv_*", "regnety_00[248]", "regnety_016", "rexnet_100", "ghostnet_100", "edgenext_small",
    "mobilevit_s", "mobilevit_xs", "mobilevit_xxs", "fastvit_t8", "efficientformerv2_s0", "levit_128s", "test_vit",
    "test_resnet", "test_efficientnet", "test_convnext",
)  # fmt: skip
"""timm's architectures to recognize; all of torchvision's are."""
SKIPPED = ("torchvision/regnet_y_128gf",)  # 640 million parameters

HEADS = (
    ("fc",), ("classifier",), ("head",), ("head.fc",), ("heads.head",), ("head", "head_dist"), ("classifier.1",),
    ("classifier.2",), ("classifier.3",), ("classifier.5",), ("classifier.6",), ("head.fc3",), ("head.l",),
    ("head.linear",), ("head", "head_dist.l"), ("head.l", "head_dist.l"), ("head.linear", "head_dist.linear"),
)  # fmt: skip
"""The layers that give the classes, in one architecture or another."""
SIZED = re.compile(r"(^|\.)(pos_embed|pos_embedding|position_embedding|relative_position_index|relative_coords_table)$")
"""Tensors whose shape depends on the size of the pictures, or that old files do not have."""
SIDE = 224


def digest(shapes: Mapping[str, tuple[int, ...]], head: tuple[str, ...]) -> str:
    """A digest of tensors by name, without the layers of the ``head``."""
    left_out = {f"{layer}.{end}" for layer in head for end in ("weight", "bias")}
    kept = sorted(
        f"{name}{list(shape)}"
        for name, shape in shapes.items()
        if name not in left_out and not OPTIONAL.search(name) and not SIZED.search(name)
    )
    return hashlib.sha256("\n".join(kept).encode()).hexdigest()[:16]


def candidates(weights: Weights) -> tuple[tuple[str, int], ...]:
    """The architectures of weights, with the number of classes; several if they differ only in what is not stored.

    The names may have a prefix, as those of Lightning have. Where torchvision and timm have the same architecture by
    the same name, such as ``resnet18``, torchvision's is given.
    """
    table = _table()
    for shapes in _unprefixed(weights):
        for head in HEADS:
            last = shapes.get(f"{head[0]}.weight")
            found = table.get(digest(shapes, head), ()) if last else ()
            if last and found:
                return tuple((name, last[0]) for name in found if _twin(name) not in found)
    return ()


def names() -> tuple[str, ...]:
    """The architectures that can be recognized."""
    return tuple(sorted({name for some in _table().values() for name in some}))


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
def _table() -> dict[str, tuple[str, ...]]:
    found = json.loads(TABLE.read_text(encoding="utf-8"))
    return {key: tuple(some) for key, some in found.items()}


def own_digest(name: str) -> str | None:
    """The digest of an architecture such as ``timm/resnet18``; None if its head is not in ``HEADS``."""
    family, _, own = name.partition("/")
    make = torchvision_models.construct if family == torchvision_models.FAMILY else timm_models.construct
    side = library("timm").get_pretrained_cfg(own).input_size[-1] if make is timm_models.construct else SIDE
    try:
        with torch.device("meta"):
            module = make(own, 7, side)
    except NotImplementedError:  # torchvision's RegNet computes with tensors when it is built
        module = make(own, 7, side)
    shapes = {key: tuple(tensor.shape) for key, tensor in module.state_dict().items()}
    heads = [head for head in HEADS if all(shapes.get(f"{layer}.weight", ())[:1] == (7,) for layer in head)]
    return digest(shapes, max(heads, key=len)) if heads else None


def write(path: Path = TABLE) -> None:
    """Write the digests of all architectures."""
    ours = [f"torchvision/{name}" for name in torchvision_models.names()]
    theirs = [f"timm/{name}" for name in timm_models.names() if any(fnmatchcase(name, one) for one in PATTERNS)]
    found: dict[str, list[str]] = {}
    for name in (*ours, *theirs):
        if name not in SKIPPED and (key := own_digest(name)):
            found.setdefault(key, []).append(name)
    path.write_text(json.dumps(found, indent=0) + "\n", encoding="utf-8")


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


if __name__ == "__main__":
    write()
