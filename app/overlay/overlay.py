"""Maps and a picture into one blob of bytes, and the canvas component that shows them.

The blob, little-endian:

    uint32   length of the header
    JSON     the header: digest, picture, box, selected, words, settings, and the layers of both panes
    bytes    the picture's file
    then for each layer: float32 (maps, 2), the low and the high of each of its maps; uint8 (maps, h, w), their codes

A layer with rows holds 1 + n maps: the mean over its rows first, then each row. Code 0 is a value that is not finite
and is left out of the picture. An unsigned map's codes 1..255 run evenly from its low to its high, so a value comes
back within (high - low) / 508. A signed map's codes run evenly from -high to high with code 128 exactly zero, so a
value comes back within high / 254. Nothing is squared, wrapped or stretched: colours are given in the browser.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import streamlit as st

from core.images import BASELINE
from core.types import Box, InvalidInput

WORDS = tuple(
    "overlay." + name
    for name in (
        # panes and strips
        *("attention", "attribution", "attention_maps", "attribution_maps", "pane", "empty", "blank", "missing"),
        # what of a map with rows is shown: {row}, {column}
        *("mean", "from_patch", "from_token", "pinned", "token"),
        # controls
        *("opacity", "threshold", "view", "side", "wipe", "difference", "divider", "colours", "viridis", "inferno"),
        *("cividis", "scale", "scale_own", "scale_strip", "scale_both", "smooth", "download"),
        # the readout: {row}, {column}, {value}, {there_row}, {there_column}, {uniform}, {first}, {second}
        *("hint", "hint_rows", "value", "masked", "outside", "strongest", "strongest_token", "difference_value"),
        *("difference_title", "difference_low", "difference_high"),
    )
)
"""Every label that the overlay needs, by its key in the table of words; braces name what is filled in."""

SETTINGS: Mapping[str, Any] = MappingProxyType(
    {
        "opacity": 0.85,  # 0..1, of the strongest value
        "threshold": 0.0,  # 0..1: values below this share of the maximum are hidden
        "colours": "inferno",  # or "viridis", "cividis"; signed maps always use the diverging scale
        "smooth": False,  # interpolate between cells, or show them as they are
        "mode": "side",  # or "wipe", "difference"
        "scale": "own",  # each map's own; "strip": one for all maps of a strip; "both": one for the two shown maps
        "wipe": 0.5,  # 0..1, where the divider stands
    }
)
"""What the viewer may set, with the values that ``pack`` starts from."""

CHOICES = {
    "colours": ("inferno", "viridis", "cividis"),
    "mode": ("side", "wipe", "difference"),
    "scale": ("own", "strip", "both"),
}
PARTS = (
    *("packet", "field", "colour", "look", "readout", "element", "draw"),
    *("pane", "strip", "controls", "download", "overlay", "main"),
)
"""The JavaScript files, joined in this order."""


@dataclass(frozen=True, eq=False)
class Layer:
    """One map over the model's square, ready to be shown on a pane.

    ``values`` is (h, w), or (n, h, w) with one map for each query: n = h·w, or h·w + 1 with a class token's row first.
    Values that are not finite are left out of the picture. ``note`` says in words why a map is blank.
    """

    slug: str
    title: str
    values: np.ndarray
    signed: bool = False
    note: str = ""


def pack(
    pixels_jpeg: bytes,
    picture_size: tuple[int, int],
    box: Box,
    attention: Sequence[Layer],
    attribution: Sequence[Layer],
    *,
    selected: tuple[str, str] = ("", ""),
    words: Mapping[str, str],
    settings: Mapping[str, Any] | None = None,
) -> bytes:
    """The blob for ``show``: a picture, the maps of both panes and every label, packed as the module's text says.

    ``pixels_jpeg`` is a JPEG (or PNG, WebP) of the whole picture at any resolution; ``picture_size`` (width, height)
    is the size that ``box``, the model's square, is measured in. ``selected`` names the layer that each pane starts
    with ("" the first); ``settings`` changes ``SETTINGS``. Both only set out from there: in the browser the viewer's
    own choice stays until a blob comes that asks for something else than the one before it.

    Raises InvalidInput for a box without area, a layer of the wrong shape, two layers of one slug, an unsigned layer
    with values below zero, and for unknown slugs, settings and missing words.
    """
    left, top, right, bottom = (float(edge) for edge in box)
    if not (right > left and bottom > top and min(picture_size) > 0):
        raise InvalidInput("The picture and the model's square need an area; give sizes above zero.")
    if missing := [key for key in WORDS if key not in words]:
        raise InvalidInput(f"The table of words lacks {', '.join(missing)}; add them.")
    packed = [[_packed(layer) for layer in layers] for layers in (attention, attribution)]
    content = {
        "picture": {"width": int(picture_size[0]), "height": int(picture_size[1]), "bytes": len(pixels_jpeg)},
        "padding": BASELINE,
        "box": [left, top, right, bottom],
        "selected": [_chosen(*pair) for pair in zip(selected, (attention, attribution), strict=True)],
        "words": {key.removeprefix("overlay."): words[key] for key in WORDS},
        "settings": _settings(settings or {}),
        "attention": [entry for entry, _ in packed[0]],
        "attribution": [entry for entry, _ in packed[1]],
    }
    body = b"".join([pixels_jpeg, *(data for layers in packed for _, data in layers)])
    content["digest"] = sha256(_framed(content) + body).hexdigest()
    return _framed(content) + body


def show(
    blob: bytes,
    *,
    key: str,
    on_pick: Callable[[], None] | None = None,
    on_select: Callable[[], None] | None = None,
) -> Any:
    """Mount the overlay and return its state, best inside an ``st.fragment``. One ``key`` is one overlay.

    ``result.pick`` is the pinned patch, ``{"pane", "layer", "row", "column"}`` with rows and columns counted from 0
    (both None for the class token), or None. It arrives once for each click, stays through reruns, and is told again
    when the viewer chooses another map under the pin. ``on_pick`` is called when it changes.

    Which map is shown stays in the browser, unless ``on_select`` is given: then ``result.selected`` is
    ``{"attention": slug, "attribution": slug}`` soon after the viewer has chosen (the maps change before that).
    """
    told = ["pick", "selected"] if on_select else ["pick"]
    nothing: Callable[[], None] = lambda: None  # noqa: E731 - without a callback the result has no such attribute
    return _component(
        key=key,
        data=_framed({"key": key, "told": told}) + blob,
        on_pick_change=on_pick or nothing,
        on_selected_change=on_select or nothing,
    )


def _framed(content: Mapping[str, Any]) -> bytes:
    """JSON after its own length."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    return len(text).to_bytes(4, "little") + text


def _packed(layer: Layer) -> tuple[dict[str, Any], bytes]:
    """The header's entry of a layer, and its bytes."""
    values = np.asarray(layer.values, dtype=np.float64)
    if values.ndim not in (2, 3) or 0 in values.shape:
        raise InvalidInput(f"The layer {layer.slug} must be (h, w) or (n, h, w), not {values.shape}.")
    height, width = values.shape[-2:]
    rows = len(values) if values.ndim == 3 else 0
    if rows and rows not in (height * width, height * width + 1):
        raise InvalidInput(f"The layer {layer.slug} needs a map for each of its {height * width} cells, not {rows}.")
    values = values.reshape(-1, height * width)
    values = np.where(np.isfinite(values), values, np.nan)
    if rows:
        known = np.isfinite(values)
        total = np.where(known, values, 0).sum(0)
        mean = np.divide(total, known.sum(0), out=np.full(total.shape, np.nan), where=known.any(0))
        values = np.concatenate([mean[None], values])
    ranges, codes = _quantised(values, layer)
    entry = {
        "slug": layer.slug,
        "title": layer.title,
        "note": layer.note,
        "signed": bool(layer.signed),
        "height": height,
        "width": width,
        "rows": rows,
        "maps": len(values),
    }
    return entry, ranges.astype("<f4").tobytes() + codes.tobytes()


def _quantised(values: np.ndarray, layer: Layer) -> tuple[np.ndarray, np.ndarray]:
    """Low and high (maps, 2) of each map in ``values`` (maps, cells), and its codes, uint8 of the same shape."""
    known = np.isfinite(values)
    low = np.where(known, values, np.inf).min(1, keepdims=True)
    high = np.where(known, values, -np.inf).max(1, keepdims=True)
    low, high = np.where(known.any(1, keepdims=True), (low, high), 0.0)
    if layer.signed:
        high = np.maximum(-low, high)
        low, first, steps = -high, 128, 127
        share = np.divide(values, high, out=np.zeros_like(values), where=known & (high > 0))
    else:
        if (low < -np.maximum(high, 0) / 508).any():
            raise InvalidInput(f"The layer {layer.slug} has values below zero; pass it with signed=True.")
        low, high, values = np.maximum(low, 0), np.maximum(high, 0), np.maximum(values, 0)
        first, steps = 1, 254
        span = high - low
        share = np.divide(values - low, span, out=np.zeros_like(values), where=known & (span > 0))
    codes = np.where(known, np.rint(first + steps * share), 0).astype(np.uint8)
    return np.concatenate([low, high], axis=1), codes


def _chosen(slug: str | None, layers: Sequence[Layer]) -> str:
    """The slug of the layer to start with; "" where there is none."""
    slugs = [layer.slug for layer in layers]
    if len(set(slugs)) < len(slugs):
        raise InvalidInput(f"Each layer of a pane needs a slug of its own; got {', '.join(slugs)}.")
    if slug and slug not in slugs:
        raise InvalidInput(f"There is no layer {slug}; choose one of {', '.join(slugs) or 'none'}.")
    return slug or (slugs[0] if slugs else "")


def _settings(changes: Mapping[str, Any]) -> dict[str, Any]:
    """All settings, with the changes checked."""
    if unknown := sorted(set(changes) - set(SETTINGS)):
        raise InvalidInput(f"The overlay has no setting {', '.join(unknown)}; it has {', '.join(SETTINGS)}.")
    settings = {**SETTINGS, **changes}
    for name, allowed in CHOICES.items():
        if settings[name] not in allowed:
            raise InvalidInput(f"The overlay's {name} is one of {', '.join(allowed)}, not {settings[name]}.")
    for name in ("opacity", "threshold", "wipe"):
        if not 0 <= settings[name] <= 1:
            raise InvalidInput(f"The overlay's {name} lies between 0 and 1, not at {settings[name]}.")
    return settings


def _read(name: str) -> str:
    return (Path(__file__).parent / name).read_text(encoding="utf-8")


_component = st.components.v2.component(
    "fovea_overlay", css=_read("overlay.css"), js="\n".join(_read(f"{part}.js") for part in PARTS)
)
