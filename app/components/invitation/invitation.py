"""An invitation in one line, with a button that accepts it and one that dismisses it for good, in this browser."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import streamlit as st

from app.components import script, styles


def show_invitation(words: Mapping[str, str], *, name: str, key: str, on_accepted: Callable[[], None]) -> Any:
    """Draw the invitation of a ``name``, by which the browser remembers that it was dismissed.

    ``words`` are its ``text`` and the labels of the buttons ``accept`` and ``dismiss``.
    """
    return _component(data={"name": name, "words": dict(words)}, key=key, on_accepted_change=on_accepted)


_HERE = Path(__file__).parent
_component = st.components.v2.component(
    "fovea_invitation", css=styles(_HERE / "invitation.css"), js=script(_HERE, ("invitation",))
)
