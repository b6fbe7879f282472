"""A page for tests in a browser: the canvas over a picture; ``?case=intervention`` is the whole test with a model."""

from __future__ import annotations

import io
import json

import numpy as np
import streamlit as st
from PIL import Image

from app import figures, runtime, state
from app.components.paint import paint
from app.views.explore.analysis import Analysis
from app.views.explore.tests import interventions, painting
from core import AttentionMap, Kind
from tests.app.explore.explanation_page import situation
from tests.conftest import build_tiny

GRAY = (120, 120, 120)
GATE = AttentionMap("gate", Kind.SPATIAL, np.ones((4, 4), np.float32), (4, 4))
OWN = (np.arange(16, dtype=np.float32) / 15).reshape(4, 4)


def picture() -> bytes:
    """An even square."""
    file = io.BytesIO()
    Image.fromarray(np.full((64, 64, 3), GRAY, np.uint8)).save(file, "PNG")
    return file.getvalue()


def canvas() -> None:
    """The canvas, buttons that rerun the page or bring another grid, and what Python received, as JSON."""
    st.button("Again")
    other = st.toggle("Other grid")

    def count() -> None:
        told = state.component("canvas", "painted")
        st.session_state.told = (*st.session_state.get("told", ()), told)

    paint.show_canvas(
        np.zeros((2, 3)) if other else OWN,
        np.zeros((2, 3)) if other else OWN,
        picture(),
        key="canvas",
        identity="other" if other else "first",
        words=painting.words(GATE),
        colors=figures.HEAT,
        on_painted=count,
    )
    st.text(json.dumps(st.session_state.get("told", ())))


def intervention() -> None:
    """Interventions on a small model with self-attention."""
    model, sample = build_tiny("self-attention"), runtime.sample_picture("scenes/24")
    interventions.show_interventions(Analysis(**situation(model, sample, computed=False, sample="scenes/24")))


if __name__ == "__main__":
    intervention() if st.query_params.get("case") == "intervention" else canvas()
