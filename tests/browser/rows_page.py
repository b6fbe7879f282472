"""A page with rows of maps alone, for the browser tests: planted maps that differ by a factor of ten, on one picture.

The picture is that of the page of the overlay, with the model's square in its middle. The attention of both rows has
rows of patches; the third row has no attention and a signed attribution, the fourth one only a sentence.
"""

from __future__ import annotations

import json

import numpy as np
import streamlit as st

from app.components.overlay import ROW_WORDS, Bar, Layer, Row, Shown, pack_rows, show_rows
from app.components.overlay import Rows as Patches
from tests.browser.overlay_page import BOXES, SIZE, WORDS, patches, picture, ramp

LABELS = WORDS | {key: key.removeprefix("overlay.") for key in ROW_WORDS} | {"overlay.own_range": "{low} to {high}"}
REASON, SENTENCE = "no attention in this model", "the weights of this model are damaged"
TENFOLD = 10.0


def attention(factor: float) -> Layer:
    """The patches of the overlay's page, times a factor."""
    weights = factor * patches()
    rows = Patches(weights[None], np.arange(16)[None], even=1 / 16)
    return Layer("patches", "Patches", weights.mean(0).reshape(4, 4), rest="mean", more=rows)


def rows(signed: bool) -> list[Row]:
    """The four rows; the ``signed`` one only where it is wanted, for a column of both kinds has no scale."""
    box = BOXES["crop"]
    found = [
        Row(
            slug,
            f"Model {slug}",
            (f"about {slug}",),
            (Bar("ash", 0.9, "90 %", True), Bar("elm", 0.1, "10 %")),
            slug == "small",
            box=box,
            attention=attention(factor),
            attribution=Layer("map", "Map", factor * ramp()),
        )
        for slug, factor in (("small", 1.0), ("large", TENFOLD))
    ]
    if signed:
        found.append(
            Row("signed", "Signed", box=box, attribution=Layer("map", "Map", ramp() - 6, True), missing=(REASON, ""))
        )
    return [*found, Row("broken", "Broken", note=SENTENCE)]


def page() -> None:
    """The rows, a toggle that adds the signed one, and the actions that Python received, as JSON."""
    signed = st.toggle("Signed")

    def count() -> None:
        st.session_state.actions = (*st.session_state.get("actions", ()), st.session_state["rows"]["action"])

    blob = pack_rows(
        [Shown(picture(), SIZE)], rows(signed), words=LABELS, settings={"opacity": 1.0, "colors": "viridis"}
    )
    show_rows(blob, key="rows", on_action=count)
    st.text(json.dumps(st.session_state.get("actions", ())))


if __name__ == "__main__":
    page()
