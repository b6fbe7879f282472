"""Pack maps and a picture into one blob of bytes, and show them on a canvas component.

The blob, little-endian:

    uint32   length of the header
    JSON     the header: digest, picture, box, sight, selected, words, settings, and the layers of both panes
    bytes    the picture's file
    bytes    of each layer in turn, as app/components/overlay/layer.py states

Colors are given in the browser.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import streamlit as st

from app.components import script, styles
from app.components.overlay.layer import Layer, packed
from core.files import to_json
from core.images import BASELINE
from core.messages import Message
from core.types import Box, InvalidInput

WORDS = tuple(
    "overlay." + name
    for name in (
        # panes and strips
        *(
            "attention",
            "attribution",
            "attention_help",
            "attribution_help",
            "attention_maps",
            "attribution_maps",
            "pane",
            "empty",
            "blank",
            "missing",
        ),
        # what of a map with rows is shown: {row}, {column}; and the slices of a stack
        *("from_patch", "pinned", "slice", "play", "pause"),
        # controls
        *("opacity", "threshold", "view", "side", "wipe", "difference", "divider", "colors", "viridis", "inferno"),
        *("cividis", "scale", "scale_own", "scale_strip", "scale_both", "smooth", "full", "full_help", "percent"),
        "download",
        # how far a cell sees: {side} pixels
        "sight",
        # the readout: {row}, {column}, {value}, {there_row}, {there_column}, {uniform}, {first}, {second}; {share}
        *("beyond_scale", "hint", "hint_rows", "value", "masked", "outside", "beyond", "strongest", "largest"),
        *("difference_value", "difference_title", "difference_low", "difference_high"),
    )
)
"""Every label of the overlay, by its key in the table of words; braces are fields."""

SETTINGS: Mapping[str, Any] = MappingProxyType(
    {
        "opacity": 0.85,  # 0..1, of the strongest value
        "threshold": 0.0,  # 0..1: values below this share of the end of the colors are hidden
        "colors": "inferno",  # or "viridis", "cividis"; signed maps always use the diverging scale
        "smooth": False,  # interpolate between cells, or show them as they are
        "full": False,  # whether the colors of a fine map run to its strongest cell
        "mode": "side",  # or "wipe", "difference"
        "scale": "own",  # each map's own; "strip": one for all maps of a strip; "both": one for the two shown maps
        "wipe": 0.5,  # 0..1, where the divider stands
    }
)
"""The settings of the viewer, with the defaults of ``pack``."""

CHOICES = {
    "colors": ("inferno", "viridis", "cividis"),
    "mode": ("side", "wipe", "difference"),
    "scale": ("own", "strip", "both"),
}
ADDRESS: Mapping[str, str] = MappingProxyType(
    {
        **{"mode": "view", "opacity": "opacity", "threshold": "threshold", "colors": "colors", "scale": "scale"},
        **{"smooth": "smooth", "full": "full", "wipe": "divider", "pin": "pin"},
    }
)
"""The names of the settings and of the pinned patch in the address, which the browser writes."""


class Sight(NamedTuple):
    """The receptive field of each cell: a square of ``side`` pixels, ``share`` of the side of the model's square.

    The cells are those of a grid of ``rows`` and ``columns``; each lies in the middle of what it sees.
    """

    side: int
    share: float
    rows: int
    columns: int


PARTS = (
    *("packet", "address", "field", "color", "view", "readout", "draw"),
    *("stack", "pane", "strip", "controls", "download", "overlay", "main"),
)
"""The JavaScript files, joined in this order."""


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
    sight: Sight | None = None,
    pin: int | None = None,
) -> bytes:
    """The blob for ``show``: a picture, the maps of both panes and every label, packed as the module's text states.

    ``pixels_jpeg`` is a JPEG (or PNG, WebP) of the whole picture at any resolution; ``picture_size`` (width, height)
    is the size that ``box``, the model's square, is measured in. ``selected`` names the layer that each pane starts
    with ("" the first); ``settings`` changes ``SETTINGS``. Both are only initial values: in the browser the viewer's
    own choice stays until a blob with another value than the one before; so does a pin of theirs, until one with
    another ``pin``, a cell of the first pane's layer counted row by row. ``sight`` is how far each cell of a model
    sees, where that is less than its whole square.

    Raises InvalidInput for a box without area, two layers of one slug, unknown slugs, settings and missing words, and
    for layers that ``packed`` refuses.
    """
    left, top, right, bottom = (float(edge) for edge in box)
    if not (right > left and bottom > top and min(picture_size) > 0):
        raise InvalidInput("The picture and its crop need an area. Give sizes above zero.")
    if missing := [key for key in WORDS if key not in words]:
        raise InvalidInput("The table of words lacks {missing}. Add them.", missing=missing)
    layers = [[packed(layer) for layer in side] for side in (attention, attribution)]
    content = {
        "picture": {"width": int(picture_size[0]), "height": int(picture_size[1]), "bytes": len(pixels_jpeg)},
        "padding": BASELINE,
        "box": [left, top, right, bottom],
        "sight": sight._asdict() if sight else None,
        "selected": [_chosen(*pair) for pair in zip(selected, (attention, attribution), strict=True)],
        "words": {key.removeprefix("overlay."): words[key] for key in WORDS},
        "settings": _settings(settings or {}),
        "pin": pin,
        "choices": CHOICES,
        "attention": [entry for entry, _ in layers[0]],
        "attribution": [entry for entry, _ in layers[1]],
    }
    body = b"".join([pixels_jpeg, *(data for side in layers for _, data in side)])
    content["digest"] = sha256(framed(content) + body).hexdigest()
    return framed(content) + body


def show_overlay(
    blob: bytes,
    *,
    key: str,
    on_pick: Callable[[], None] | None = None,
    on_select: Callable[[], None] | None = None,
    addressed: bool = False,
) -> Any:
    """Mount the overlay and return its state, best inside an ``st.fragment``. One ``key`` is one overlay.

    ``result.pick`` is the pinned patch, ``{"pane", "layer", "row", "column"}`` with rows and columns counted from 0, or
    None. It arrives once for each click, stays through reruns, and is sent again when the viewer chooses another map
    under the pin. ``on_pick`` is called when it changes. The shown slice of a stack is never sent.

    Which map is shown stays in the browser, unless ``on_select`` is given: then ``result.selected`` is
    ``{"attention": slug, "attribution": slug}`` soon after the viewer has chosen (the maps change before that).

    The settings of an ``addressed`` overlay are in the address: the browser reads them there, and writes them without a
    rerun.
    """
    sentence = ["pick", "selected"] if on_select else ["pick"]
    envelope = {"key": key, "wanted": sentence, "address": dict(ADDRESS) if addressed else None}
    nothing: Callable[[], None] = lambda: None  # noqa: E731 - without a callback the result has no such attribute
    return _component(
        key=key,
        data=framed(envelope) + blob,
        on_pick_change=on_pick or nothing,
        on_selected_change=on_select or nothing,
    )


def readable(name: str, text: str) -> bool:
    """Whether the value of that name of ``ADDRESS`` is a valid setting, or a patch: row-column, from 1."""
    setting = next(one for one, key in ADDRESS.items() if key == name)
    if setting in CHOICES:
        return text in CHOICES[setting]
    if setting == "pin":
        return re.fullmatch(r"0*[1-9]\d{0,3}-0*[1-9]\d{0,3}", text, re.ASCII) is not None
    if isinstance(SETTINGS[setting], bool):
        return text == "1"
    return re.fullmatch(r"\d{1,3}", text, re.ASCII) is not None and int(text) <= 100


def framed(content: Mapping[str, Any]) -> bytes:
    """JSON after its own length."""
    text = to_json(content, separators=(",", ":")).encode()
    return len(text).to_bytes(4, "little") + text


def _chosen(slug: str | None, layers: Sequence[Layer]) -> str:
    """The slug of the layer to start with; "" where there is none."""
    slugs = [layer.slug for layer in layers]
    if len(set(slugs)) < len(slugs):
        raise InvalidInput("Layers of a pane need different slugs, not {slugs}.", slugs=slugs)
    if slug and slug not in slugs:
        raise InvalidInput(
            "There is no layer '{slug}'. Choose one of: {slugs}.", slug=slug, slugs=slugs or [Message("none")]
        )
    return slug or (slugs[0] if slugs else "")


def _settings(changes: Mapping[str, Any]) -> dict[str, Any]:
    """All settings, with the changes checked."""
    if unknown := sorted(set(changes) - set(SETTINGS)):
        raise InvalidInput(
            "The overlay has no setting {unknown}. It has: {settings}.", unknown=unknown, settings=list(SETTINGS)
        )
    settings = {**SETTINGS, **changes}
    for name, allowed in CHOICES.items():
        if settings[name] not in allowed:
            raise InvalidInput(
                "The setting {name} of the overlay must be one of: {choices}, not {given}.",
                name=name,
                choices=list(allowed),
                given=settings[name],
            )
    for name in ("opacity", "threshold", "wipe"):
        if not 0 <= settings[name] <= 1:
            raise InvalidInput(
                "The setting {name} of the overlay must be a number from 0 to 1, not {given}.",
                name=name,
                given=settings[name],
            )
    return settings


HERE = Path(__file__).parent
_component = st.components.v2.component("fovea_overlay", css=styles(HERE / "overlay.css"), js=script(HERE, PARTS))
