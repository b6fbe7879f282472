"""The settings of transformers' image processors: the file ``preprocessor_config.json`` next to a model's weights.

Newer versions write them into ``processor_config.json`` (``saved_files``). A file states the class of its processor and
the settings that its version of transformers had. The others have the defaults of that class, and a few classes read
their settings in their own way (``settled``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from core.images import INTERPOLATIONS

BICUBIC = "bicubic"
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
WHOLE = 384
"""From this size on, ConvNeXt's preprocessing cuts nothing off."""
HALF = (0.5, 0.5, 0.5)
CLIP_MEAN, CLIP_STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
MOMENTS = (
    (HALF, HALF, ("vit", "beit", "siglip", "siglip2", "mobilenet_v1", "mobilenet_v2")),
    (CLIP_MEAN, CLIP_STD, ("clip", "metaclip_2")),
)
"""Mean and deviation that architectures of transformers are usually trained with, where these are not ImageNet's."""
PLAIN = ("mobilevit", "mobilevitv2")
"""Architectures that take pixels in 0..1, blue first."""
MOBILEVIT, LEVIT, POOLFORMER, CONVNEXT = "mobilevit", "levit", "poolformer", "convnext"
PPLCNET = "pplcnet"
BIT, CLIP, DEIT, BEIT, PVT, VIT = "bit", "clip", "deit", "beit", "pvt", "vit"
HALVES = {"image_mean": HALF, "image_std": HALF}
CROPPED = {"do_center_crop": True, "size": {"shortest_edge": 224}, "crop_size": 224}
SQUARE = {"size": {"height": 224, "width": 224}}
OWN: Mapping[str, Mapping[str, Any]] = {
    MOBILEVIT: CROPPED | {"do_flip_channel_order": True, "crop_size": 256},
    LEVIT: CROPPED,
    POOLFORMER: CROPPED | {"crop_pct": 0.9},
    CONVNEXT: HALVES | {"crop_pct": 224 / 256, "size": {"shortest_edge": 384}},
    DEIT: CROPPED | HALVES | {"size": {"height": 256, "width": 256}},
    BEIT: SQUARE | HALVES | {"crop_size": 224},
    "siglip2": HALVES | {"resample": 2},
    "siglip": SQUARE | HALVES,
    "mobilenet": CROPPED | HALVES | {"size": {"shortest_edge": 256}, "resample": 2},
    VIT: SQUARE | HALVES | {"resample": 2},
    PVT: SQUARE,
    "segformer": {"size": {"height": 512, "width": 512}, "resample": 2},
    "efficientnet": HALVES | {"size": {"height": 346, "width": 346}, "crop_size": 289, "include_top": True},
    PPLCNET: CROPPED | {"do_flip_channel_order": True, "resize_short": 256, "size": {"height": 256, "width": 256},
                        "image_mean": IMAGENET_MEAN[::-1], "image_std": IMAGENET_STD[::-1], "resample": 2},
    "textnet": {"size": {"shortest_edge": 640}, "crop_size": 224, "resample": 2},
    **{one: CROPPED | {"image_mean": CLIP_MEAN, "image_std": CLIP_STD} for one in (BIT, CLIP)},
}  # fmt: skip
"""The defaults of a class of processors, by the beginning of its name, for settings that its file does not state."""
CLASSES: Mapping[str, str] = {
    **dict.fromkeys(PLAIN, MOBILEVIT),
    **dict.fromkeys((CONVNEXT, "convnextv2", "resnet", "regnet", "cvt"), CONVNEXT),
    **dict.fromkeys((VIT, "vit_msn", "ijepa", "swin", "swinv2", "swiftformer", "dinat"), VIT),
    **dict.fromkeys((BEIT, "data2vec-vision"), BEIT),
    **dict.fromkeys((BIT, "dinov2", "dinov2_with_registers", "hiera", "focalnet"), BIT),
    **dict.fromkeys((CLIP, "metaclip_2"), CLIP),
    **dict.fromkeys((PVT, "pvt_v2"), PVT),
    "pp_lcnet": PPLCNET,
    **dict.fromkeys(("mobilenet_v1", "mobilenet_v2"), "mobilenet"),
    **{one: one for one in (LEVIT, POOLFORMER, DEIT, "siglip", "siglip2", "segformer", "efficientnet", "textnet")},
}
"""The class of the processor of an architecture, for a file that does not state it."""
LEVIT_SHARE = 256 / 224
"""LeViT's processor resizes the short side to this much more than the size that its file states."""


def settled(prepared: Mapping[str, Any], kind: str) -> Mapping[str, Any]:
    """The settings of a file with the defaults of its processor, in the terms of the usual processors.

    ``kind`` is the architecture, ``model_type`` in its configuration.
    """
    stated = str(prepared.get("image_processor_type") or prepared.get("feature_extractor_type") or "").lower()
    name = next((one for one in OWN if stated.startswith(one)), None) if stated else CLASSES.get(kind)
    found = {**OWN.get(name or "", {}), **prepared}
    default, size = OWN.get(name or "", {}).get("size"), found.get("size")
    if isinstance(size, int) and default:  # the class of the processor states of what it is the side
        found["size"] = dict.fromkeys(default, size)
    if "size" in prepared and "crop_size" not in prepared and (side(found.get("crop_size")) or 0) > (side(size) or 0):
        found |= {"crop_size": size, "do_center_crop": False}  # nothing is cropped from less
    if name == PPLCNET and (short := side(found.get("resize_short"))):
        found["size"] = {"shortest_edge": short}
    if name == MOBILEVIT:
        found["do_normalize"] = False  # whatever its file states
    if name == LEVIT and (short := side(found["size"])) and not square(found["size"]):
        found["size"] = {"shortest_edge": int(LEVIT_SHARE * short)}
    return found


def usual_moments(kind: str) -> Mapping[str, Any]:
    """The usual settings for an architecture of transformers whose file of settings is not there."""
    if CLASSES.get(kind) == PPLCNET:
        return {key: OWN[PPLCNET][key] for key in ("image_mean", "image_std", "do_flip_channel_order")}
    for mean, std, kinds in MOMENTS:
        if kind in kinds:
            return {"image_mean": mean, "image_std": std}
    return {"do_normalize": False, "do_flip_channel_order": True} if kind in PLAIN else {}


def given(prepared: Mapping[str, Any], name: str, default: Any) -> Any:
    """What a file states, which may be zero or false; ``default`` where it states nothing."""
    value = prepared.get(name)
    return default if value is None else value


def interpolation(prepared: Mapping[str, Any]) -> str:
    """The filter that pictures are resized by, which a file states by its number in PIL."""
    code = prepared.get("resample")
    return INTERPOLATIONS.get(code, BICUBIC) if isinstance(code, int) else BICUBIC


def framing(prepared: Mapping[str, Any]) -> tuple[int | None, int | None, bool]:
    """The side of the model's square, that of the resized picture, and whether the picture keeps its shape.

    Where pictures are not resized, only a crop has a side.
    """
    if not given(prepared, "do_resize", True):
        return (side(prepared.get("crop_size")) if prepared.get("do_center_crop") else None), None, True
    whole, crop = prepared.get("size"), side(prepared.get("crop_size"))
    share, found = prepared.get("crop_pct"), side(whole)
    if prepared.get("do_center_crop") and crop:
        resize = int(found / share) if share and found else found
        return crop, resize, bool(share) or not square(whole)
    if share and found:
        return found, (int(found / share) if found < WHOLE else None), found < WHOLE
    return found, None, not square(whole)


def square(size: Any) -> bool:
    """Whether a size is that of a square that the picture is stretched to: {"height": 224, "width": 224}."""
    return isinstance(size, Mapping) and "height" in size


def side(sizes: Any) -> int | None:
    """The side in any of the forms in which sizes are stated: 224, [224, 224], {"shortest_edge": 224}."""
    if isinstance(sizes, Mapping):
        return next((int(sizes[key]) for key in ("shortest_edge", "height") if sizes.get(key)), None)
    if isinstance(sizes, list | tuple) and sizes:
        return int(sizes[0]) if len(set(sizes)) == 1 else None
    return int(sizes) if isinstance(sizes, int) else None


def moments(prepared: Mapping[str, Any]) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    """Mean and deviation for RGB in 0..1, whatever factor the pixels of 0..255 are multiplied by."""
    factor = 255 * float(prepared.get("rescale_factor") or 1 / 255) if given(prepared, "do_rescale", True) else 255.0
    mean, std = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)
    if given(prepared, "do_normalize", True):
        mean = triple(given(prepared, "image_mean", IMAGENET_MEAN))
        std = triple(given(prepared, "image_std", IMAGENET_STD))
    shift = 1.0 if prepared.get("rescale_offset") else 0.0  # pixels in −1..1 before they are normalized
    mean = triple((one + shift) / factor for one in mean)
    again = std if prepared.get("include_top") else (1.0, 1.0, 1.0)  # EfficientNet divides twice
    return mean, triple(one * other / factor for one, other in zip(std, again, strict=True))


def triple(values: Iterable[float]) -> tuple[float, float, float]:
    """Three numbers, or one for all three colors."""
    found = [float(one) for one in ([values] if isinstance(values, int | float) else values)]
    red, green, blue = found * 3 if len(found) == 1 else found
    return red, green, blue
