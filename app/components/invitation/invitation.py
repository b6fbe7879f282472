"""An invitation in one line, with a button that accepts it and one that dismisses it permanently in this browser.

It is shown at the ``first`` visit and at later ones, until it is dismissed, or withdrawn because it was followed.
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
    """Draw the invitation; under its ``name``, the browser stores that it was shown or dismissed.

    ``words`` are its ``text`` and the labels of the buttons ``accept`` and ``dismiss``.
    """
    data = {"name": name, "words": dict(words), "first": first, "done": False}
    return _component(data=data, key=key, on_accepted_change=on_accepted)


def withdraw_invitation(*, name: str, key: str) -> Any:
    """Stop showing the invitation with that ``name`` in this browser."""
    return _component(data={"name": name, "words": {}, "first": False, "done": True}, key=key)


_HERE = Path(__file__).parent
_component = st.components.v2.component(
    "fovea_invitation", css=styles(_HERE / "invitation.css"), js=script(_HERE, ("invitation",))
)
