"""The strip of pictures: clickable thumbnails, with a remove button on uploaded pictures."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

_HERE = Path(__file__).parent


@dataclass(frozen=True)
class Tile:
    """One picture of the strip: its ``slug``, its ``title``, a JPEG, and whether it can be removed."""

    slug: str
    title: str
    jpeg: bytes
    removable: bool = False


_component = st.components.v2.component(
    "fovea_gallery",
    css=(_HERE / "gallery.css").read_text(encoding="utf-8"),
    js=(_HERE / "gallery.js").read_text(encoding="utf-8"),
)


def show_gallery(
    tiles: Sequence[Tile], selected: str, *, key: str, label: str, remove: str, on_chosen: Callable[[], None]
) -> Any:
    """Draw the strip; the result's ``chosen`` is {"slug", "action"} in the run that a click causes, else None.

    ``label`` names the strip for screen readers, ``remove`` is the word on a cross; ``action`` is "choose" or "remove".
    """
    data = {
        "label": label,
        "remove": remove,
        "selected": selected,
        "tiles": [
            {
                "slug": tile.slug,
                "title": tile.title,
                "source": "data:image/jpeg;base64," + base64.b64encode(tile.jpeg).decode(),
                "removable": tile.removable,
            }
            for tile in tiles
        ],
    }
    return _component(data=data, key=key, on_chosen_change=on_chosen)
