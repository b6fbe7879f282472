"""Rows of maps: one row for each picture or model, with its prediction, attention and attribution.

All rows are one overlay: one pointer, one zoom, one set of controls, and one scale of raw values for each column. The
blob, little-endian:

    uint32   length of the header
    JSON     the header: digest, words, settings, choices, the pictures with their sizes, and the rows
    bytes    the files of the pictures, one after another
    bytes    of each row its attention, then its attribution, as app/components/overlay/layer.py states
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from types import MappingProxyType
from typing import Any

import streamlit as st

from app.components import script, styles
from app.components.overlay.layer import Layer, packed
from app.components.overlay.overlay import ADDRESS, CHOICES, HERE, SETTINGS, WORDS, framed, readable
from core.images import BASELINE
from core.types import Box, InvalidInput

ROW_WORDS = tuple(
    "overlay." + name
    for name in (
        "zoom",
        "zoom_help",
        "one_scale",
        "faint",
        "own_range",
        "prediction",
        "row",
        "open",
        "remove",
        "waiting",
    )
)
"""The labels of rows that an overlay of one picture does not have."""

ROW_SETTINGS: Mapping[str, Any] = MappingProxyType(
    {**{name: SETTINGS[name] for name in ("opacity", "threshold", "colors", "smooth", "full")}, "scale": "strip"}
    | {"zoom": "1"}
)
"""The settings of rows, with their defaults: the scale is one of raw values for each column."""
ROW_CHOICES = {"colors": CHOICES["colors"], "scale": ("strip", "own"), "zoom": ("1", "2", "4", "8"), "mode": ("side",)}
ROW_ADDRESS: Mapping[str, str] = {name: {**ADDRESS, "zoom": "zoom"}[name] for name in ROW_SETTINGS}
"""The names of the settings in the address, which the browser writes."""
PARTS = (
    *("packet", "address", "field", "color", "view", "readout", "draw", "stack", "pane", "controls"),
    *("rows_packet", "row", "rows", "rows_main"),
)
"""The JavaScript files of rows, joined in this order."""


@dataclass(frozen=True)
class Shown:
    """A picture: its file, a JPEG, PNG or WebP at any resolution, and the size (width, height) that boxes refer to."""

    file: bytes
    size: tuple[int, int]


@dataclass(frozen=True)
class Bar:
    """A class in the prediction of a row: its ``name``, its probability, and whether the row's maps explain it."""

    name: str
    share: float
    text: str
    explained: bool = False


@dataclass(frozen=True, eq=False)
class Row:
    """One row: a ``slug`` that no other row has, a title and sentences ``about`` it, the prediction, and two maps.

    ``picture`` is its index among the pictures and ``box`` the model's square on it. A map that is None has its reason
    in ``missing``, (attention, attribution). ``right`` states whether the prediction is correct, None where that is not
    known. A row with a ``note`` shows this sentence in place of everything else; one that is ``pending`` is computed.
    """

    slug: str
    title: str
    about: tuple[str, ...] = ()
    bars: tuple[Bar, ...] = ()
    right: bool | None = None
    picture: int = 0
    box: Box = (0, 0, 1, 1)
    attention: Layer | None = None
    attribution: Layer | None = None
    missing: tuple[str, str] = ("", "")
    note: str = ""
    pending: bool = False


def pack_rows(
    pictures: Sequence[Shown],
    rows: Sequence[Row],
    *,
    words: Mapping[str, str],
    columns: Sequence[str] = ("attention", "attribution"),
    settings: Mapping[str, Any] = MappingProxyType({}),
) -> bytes:
    """The blob for ``show_rows``, packed as the text of this module states.

    ``columns`` are the maps that are shown. ``settings`` changes ``ROW_SETTINGS``; they are initial values, and in the
    browser the user's own choice stays.

    Raises:
        InvalidInput: two rows of one slug, or a layer that ``packed`` refuses.
    """
    slugs = [row.slug for row in rows]
    if len(set(slugs)) < len(slugs):
        raise InvalidInput("Rows need different slugs, not {slugs}.", slugs=slugs)
    sides = [[(one, packed(one)) for one in (row.attention, row.attribution) if one is not None] for row in rows]
    content: dict[str, Any] = {
        "words": {key.removeprefix("overlay."): words[key] for key in (*WORDS, *ROW_WORDS)},
        "settings": {**ROW_SETTINGS, **settings},
        "choices": ROW_CHOICES,
        "padding": BASELINE,
        "columns": list(columns),
        "pictures": [_picture(one) for one in pictures],
        "rows": [_entry(row, dict(layers)) for row, layers in zip(rows, sides, strict=True)],
    }
    body = b"".join([*(one.file for one in pictures), *(data for row in sides for _, (_, data) in row)])
    content["digest"] = sha256(framed(content) + body).hexdigest()
    return framed(content) + body


def show_rows(blob: bytes, *, key: str, on_action: Callable[[], None]) -> Any:
    """Mount the rows. ``on_action`` is called after a click on a row's button.

    The state of the component then has ``action``, ``{"name": "open" or "remove", "slug": slug}``. The settings are in
    the address: the browser reads them there, and writes them without a rerun.
    """
    return _component(key=key, data=framed({"key": key, "address": ROW_ADDRESS}) + blob, on_action_change=on_action)


def readable_row(name: str, text: str) -> bool:
    """Whether the value of that name of ``ROW_ADDRESS`` is a valid setting."""
    setting = next(one for one, key in ROW_ADDRESS.items() if key == name)
    return text in ROW_CHOICES[setting] if setting in ROW_CHOICES else readable(name, text)


def _picture(one: Shown) -> dict[str, Any]:
    """The header's entry of a picture; the browser knows one that it has decoded by its digest."""
    digest = sha256(one.file).hexdigest()
    return {"width": int(one.size[0]), "height": int(one.size[1]), "bytes": len(one.file), "digest": digest}


def _entry(row: Row, layers: Mapping[Layer, tuple[dict[str, Any], bytes]]) -> dict[str, Any]:
    """The header's entry of a row."""
    names = ("slug", "title", "about", "right", "picture", "note", "pending")
    entry: dict[str, Any] = {name: getattr(row, name) for name in names}
    entry |= {"bars": [asdict(bar) for bar in row.bars], "box": [float(edge) for edge in row.box]}
    for side, missing in zip(("attention", "attribution"), row.missing, strict=True):
        layer = getattr(row, side)
        entry |= {side: None if layer is None else layers[layer][0], f"{side}_missing": missing}
    return entry


_styles = "\n".join([styles(HERE / "overlay.css"), (HERE / "rows.css").read_text(encoding="utf-8")])
_component = st.components.v2.component("fovea_rows", css=_styles, js=script(HERE, PARTS))
