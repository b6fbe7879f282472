"""The sheet of a run's pictures: thumbnails with the true and the predicted class of each, one of them open."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

_HERE = Path(__file__).parent


@dataclass(frozen=True)
class Shot:
    """One picture of a sheet.

    Its ``number``, a JPEG or None, a line above, a line below with its ``share``, and whether that is ``wrong``;
    ``note`` is a last, small line.
    """

    number: int
    jpeg: bytes | None
    above: str
    below: str
    share: str
    wrong: bool
    note: str = ""


_component = st.components.v2.component(
    "fovea_sheet",
    css=(_HERE / "sheet.css").read_text(encoding="utf-8"),
    js=(_HERE / "sheet.js").read_text(encoding="utf-8"),
)


def show_sheet(
    shots: Sequence[Shot], opened: int | None, *, key: str, label: str, gone: str, on_opened: Callable[[], None]
) -> Any:
    """Draw the pictures; the result's ``opened`` is the number of the one that was clicked, in that run, else None.

    ``label`` names the sheet for screen readers; ``gone`` stands where a picture can no longer be read.
    """
    data = {
        "label": label,
        "gone": gone,
        "opened": opened,
        "shots": [
            {
                "number": one.number,
                "source": "data:image/jpeg;base64," + base64.b64encode(one.jpeg).decode() if one.jpeg else "",
                "above": one.above,
                "below": one.below,
                "share": one.share,
                "wrong": one.wrong,
                "note": one.note,
            }
            for one in shots
        ],
    }
    return _component(data=data, key=key, on_opened_change=on_opened)
