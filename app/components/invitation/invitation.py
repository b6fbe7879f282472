"""An invitation in one line, with a button that accepts it and one that dismisses it for good, in this browser.

It comes at a ``first`` visit and at each later one, until it is dismissed, or withdrawn by who did what it offers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import streamlit as st

from app.components import script, styles


def show_invitation(
    words: Mapping[str, str], *, name: str, key: str, first: bool, on_accepted: Callable[[], None]
) -> Any:
    """Draw the invitation of a ``name``, by which the browser remembers that it was shown, and that it was dismissed.

    ``words`` are its ``text`` and the labels of the buttons ``accept`` and ``dismiss``.
    """
    data = {"name": name, "words": dict(words), "first": first, "done": False}
    return _component(data=data, key=key, on_accepted_change=on_accepted)


def withdraw_invitation(*, name: str, key: str) -> Any:
    """Let the browser show the invitation of a ``name`` no more."""
    return _component(data={"name": name, "words": {}, "first": False, "done": True}, key=key)


_HERE = Path(__file__).parent
_component = st.components.v2.component(
    "fovea_invitation", css=styles(_HERE / "invitation.css"), js=script(_HERE, ("invitation",))
)
