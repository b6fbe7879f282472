"""A picture on which the user marks one point: by a click, or with the arrow keys and Enter."""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import streamlit as st

from app.components import script, styles
from core.types import InvalidInput

WORDS = ("label", "hint", "marked")
"""The labels of the picture; the browser fills the fields of the last one."""


def show_picture(
    jpeg: bytes,
    *,
    key: str,
    words: Mapping[str, str],
    at: tuple[float, float] | None,
    on_marked: Callable[[], None],
) -> Any:
    """Draw the picture with the point ``at`` (x, y), 0 to 1 from its top left corner; None for no point.

    The result's ``marked`` is {"x", "y"} in the run after a click; ``read`` makes a point of it.
    """
    data = {
        "source": "data:image/jpeg;base64," + base64.b64encode(jpeg).decode(),
        "at": None if at is None else {"x": at[0], "y": at[1]},
        "words": {name: words[name] for name in WORDS},
    }
    return _component(data=data, key=key, on_marked_change=on_marked)


def read(sentence: Any) -> tuple[float, float]:
    """Return the point (x, y) from a browser's message.

    Raises:
        InvalidInput: it is no point of the picture.
    """
    try:
        x, y = float(sentence["x"]), float(sentence["y"])
    except (KeyError, TypeError, ValueError):
        x = y = math.nan
    if not (0 <= x <= 1 and 0 <= y <= 1):
        raise InvalidInput("The point must lie on the picture. Click the picture again.")
    return x, y


_HERE = Path(__file__).parent
_component = st.components.v2.component("fovea_point", css=styles(_HERE / "point.css"), js=script(_HERE, ("point",)))
