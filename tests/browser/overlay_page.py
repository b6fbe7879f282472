"""A page with the overlay alone, for the browser tests: known maps on a known picture.

The picture is 120 x 80, flat gray with one red square of 4 x 4 pixels at (72, 28). ``?case=crop`` shows it with the
model's square in its middle, ``?case=fit`` with a square that reaches beyond it, where Python receives what is chosen;
with ``?case=heads`` it then sends other heads.
"""

from __future__ import annotations

import io
import json
from dataclasses import replace

import numpy as np
import streamlit as st
from PIL import Image

from app.components.overlay import Layer, Rows, Stack, pack, show_overlay

GRAY, RED = (120, 120, 120), (220, 20, 20)
MARK = (72, 28, 76, 32)  # left, top, right, bottom of the red square
SIZE = (120, 80)
BOXES = {"crop": (20, 0, 100, 80), "fit": (0, -20, 120, 100)}
NOTE = "All the evidence for this class is negative <b>here</b>."

WORDS = {
    "overlay.attention": "Attention",
    "overlay.attribution": "Attribution",
    "overlay.attention_help": "What attention is.",
    "overlay.attribution_help": "What an attribution is.",
    "overlay.attention_maps": "Attention maps",
    "overlay.attribution_maps": "Other attributions",
    "overlay.pane": "{title}: {layer}. Arrow keys move from cell to cell, Enter pins, Escape unpins it.",
    "overlay.empty": "There is no map to show here.",
    "overlay.blank": "Every value of this map is zero.",
    "overlay.missing": "No value of this map is a number.",
    "overlay.from_patch": "from row {row}, column {column}",
    "overlay.pinned": "pinned",
    "overlay.sight": "Each cell sees {side} px.",
    "overlay.slice": "Which map",
    "overlay.play": "Play",
    "overlay.pause": "Pause",
    "overlay.opacity": "Opacity",
    "overlay.percent": "{value} %",
    "overlay.threshold": "Hide weak values",
    "overlay.view": "View",
    "overlay.side": "Side by side",
    "overlay.wipe": "Wipe",
    "overlay.difference": "Difference",
    "overlay.divider": "Divider between the two maps",
    "overlay.colors": "Colors",
    "overlay.viridis": "Viridis",
    "overlay.inferno": "Inferno",
    "overlay.cividis": "Cividis",
    "overlay.scale": "Scale",
    "overlay.scale_own": "separate scales",
    "overlay.scale_strip": "same scale for all",
    "overlay.scale_both": "same scale for both",
    "overlay.smooth": "Smooth",
    "overlay.full": "Show extremes",
    "overlay.full_help": "To the strongest cell",
    "overlay.beyond_scale": "strongest {share} above the color scale",
    "overlay.download": "Save PNG",
    "overlay.hint": "Point at a place to read its value.",
    "overlay.hint_rows": "Point at a patch to see what it attends to; click to pin it.",
    "overlay.value": "row {row}, column {column}: {value}",
    "overlay.masked": "row {row}, column {column}: no value",
    "overlay.outside": "The model never saw this part of the picture.",
    "overlay.largest": "largest at row {there_row}, column {there_column}: {value}",
    "overlay.strongest": "row {row}, column {column} \u2192 strongest at row {there_row}, column {there_column}: "
    "{value} (uniform {uniform})",
    "overlay.beyond": "row {row}, column {column}: outside the attention window",
    "overlay.difference_value": "row {row}, column {column}: {value} "
    "(attention {first}, attribution {second} of their peaks)",
    "overlay.difference_title": "Attention minus attribution",
    "overlay.difference_low": "attribution more",
    "overlay.difference_high": "attention more",
}


def picture() -> bytes:
    """The picture as PNG, which keeps its colors exactly."""
    pixels = np.full((SIZE[1], SIZE[0], 3), GRAY, np.uint8)
    pixels[MARK[1] : MARK[3], MARK[0] : MARK[2]] = RED
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def ramp() -> np.ndarray:
    """(4, 4), 0 to 15 row by row."""
    return np.arange(16, dtype=np.float32).reshape(4, 4)


def patches() -> np.ndarray:
    """(16, 16): each patch attends to itself (0.7) and to the patch after it (0.3)."""
    return (0.7 * np.eye(16) + 0.3 * np.roll(np.eye(16), 1, axis=1)).astype(np.float32)


def with_rows(slug: str, title: str, weights: np.ndarray, group: str = "") -> Layer:
    """A layer of rows over 4 x 4 patches; at rest it is their mean."""
    rows = Rows(weights[None], np.arange(16)[None], even=1 / 16)
    return Layer(slug, title, weights.mean(0).reshape(4, 4), rest="mean over all patches", group=group, more=rows)


WINDOWS = np.array([[5, 6, 9, 10], [7, 4, 11, 8], [13, 14, 1, 2], [15, 12, 3, 0]])
"""2 x 2 windows over 4 x 4 cells, shifted by one down and to the right: all but the first go round an edge."""
SHARES = np.array([[0.4, 0.3, 0.2, 0.1], [0.1, 0.4, 0.3, 0.2], [0.2, 0.1, 0.4, 0.3], [0.3, 0.2, 0.1, 0.4]], np.float32)
"""What each of a window's four tokens gives to each."""


def windows() -> Layer:
    """A layer of four windows; at rest it is a ramp."""
    return Layer("windows", "Windows", ramp(), rest="mean", more=Rows(np.stack([SHARES] * 4), WINDOWS, even=0.25))


def film() -> Layer:
    """Three slices, of which the first is hot (1) in the first cell of the diagonal, the second (2) in its second."""
    slices = np.stack([np.diag([one * (at == one - 1) for at in range(4)]) for one in (1, 2, 3)]).astype(np.float32)
    labels = ("First \u00b7 ash 40 %", "Second \u00b7 elm 60 %", "Third \u00b7 elm 90 %")
    return Layer("film", "Film", slices.sum(0), rest="mean of 3", more=Stack(slices, labels, playable=True))


def spot() -> np.ndarray:
    """(20, 20), one cell of it hot: row 7, column 13, which in the middle square lies over the red mark."""
    values = np.zeros((20, 20), np.float32)
    values[7, 13] = 2.5
    return values


def fine() -> np.ndarray:
    """(40, 40), from 0 to 1 row by row, but for ten cells of 4: the last of the rows 0, 4, 8 ..."""
    values = np.linspace(0, 1, 1600, dtype=np.float32).reshape(40, 40)
    values[::4, -1] = 4
    return values


def masked() -> np.ndarray:
    """(2, 2) with one value that is not a number."""
    return np.array([[np.nan, 1.0], [2.0, 4.0]], np.float32)


def layers(heads: str = "Patches") -> tuple[list[Layer], list[Layer]]:
    """Attention and attribution of the page; one layer of the attention stands under a heading of its own."""
    last = np.eye(16, dtype=np.float32)[-1].reshape(4, 4)
    return [
        Layer("ramp", "Ramp", ramp()),
        with_rows("patches", "Patches", patches()),
        replace(with_rows("token", "With token", patches()), values=last, rest="from the class token"),
        windows(),
        film(),
        with_rows("head", "Head", patches()[::-1].copy(), group=f"Heads of {heads}"),
    ], [
        Layer("spot", "Spot", spot()),
        Layer("signed", "Signed", (ramp() - 6) / 2, signed=True),
        Layer("masked", "Masked", masked()),
        Layer("fine", "Fine", fine()),
        Layer("fine-signed", "Fine, signed", fine() * np.resize([1, -1], (40, 40)), signed=True),
        Layer("blank", "Blank", np.zeros((4, 4), np.float32), note=NOTE),
    ]


def count() -> None:
    """Counts the picks that Python received."""
    st.session_state.picks = st.session_state.get("picks", 0) + 1


def page() -> None:
    """The overlay, a button that reruns the page, one that brings another picture, and what Python knows, as JSON."""
    case = st.query_params.get("case", "crop")
    st.button("Again")
    other = st.toggle("Other picture")
    told = st.session_state.get("overlay") or {}
    chosen = (told.get("selected") or {}).get("attention", "ramp")
    attention, attribution = layers(chosen if case == "heads" else "Patches")
    if other:
        attention = [Layer("ramp", "Ramp", 15 - ramp()), *attention[1:]]
    blob = pack(
        picture(), SIZE, BOXES.get(case, BOXES["crop"]), attention, attribution,
        selected=(chosen, ""), words=WORDS, settings={"opacity": 1.0, "colors": "viridis"},
    )  # fmt: skip
    result = show_overlay(blob, key="overlay", on_pick=count, on_select=None if case == "crop" else lambda: None)
    st.session_state.runs = st.session_state.get("runs", 0) + 1
    known = {"runs": st.session_state.runs, "picks": st.session_state.get("picks", 0), "pick": result.pick}
    st.text(json.dumps({**known, "selected": result.selected}))


if __name__ == "__main__":
    page()
