"""Uploaded pictures and models, and pinned analyses."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from app.state.keys import Key, View
from app.state.session import get, put
from core import Classifier, ModelCard, Picture

MOST = 12
"""The most pinned views."""


def own_models() -> dict[str, Classifier]:
    """The user's uploaded models by slug, in the order in which they came."""
    return st.session_state.setdefault(Key.OWN_MODELS, {})


def add_own_model(classifier: Classifier) -> None:
    """Add a model to the user's own; it replaces one with the same slug."""
    put(Key.OWN_MODELS, {**own_models(), classifier.card.slug: classifier})


def remove_own_model(slug: str) -> None:
    """Remove a model from the user's own."""
    put(Key.OWN_MODELS, {name: one for name, one in own_models().items() if name != slug})


def named_models() -> dict[str, ModelCard]:
    """The models that the user has found by name, by slug."""
    return st.session_state.setdefault(Key.NAMED_MODELS, {})


def add_named_model(card: ModelCard) -> None:
    """Add a model that was found by name."""
    put(Key.NAMED_MODELS, {**named_models(), card.slug: card})


def uploads() -> dict[str, Picture]:
    """The user's own pictures by slug, in the order in which they came."""
    return st.session_state.setdefault(Key.UPLOADS, {})


def add_upload(picture: Picture, truth: str | None = None) -> str:
    """Add a picture to the user's strip, with its true class if it is known; return its slug."""
    slug = f"upload/{picture.sha256[:12]}"
    st.session_state[Key.UPLOADS] = {**uploads(), slug: picture}
    if truth is not None:
        put(Key.TRUTHS, {**get(Key.TRUTHS, {}), slug: truth})
    return slug


def truth_of_upload(slug: str) -> str | None:
    """The true class of one of the user's own pictures, where that is known."""
    return get(Key.TRUTHS, {}).get(slug)


def remove_upload(slug: str) -> None:
    """Take a picture out of the strip."""
    st.session_state[Key.UPLOADS] = {name: one for name, one in uploads().items() if name != slug}


def keep(view: View) -> None:
    """Pin a view for comparison, the newest first, ``MOST`` at most; its ``number`` counts all pinned so far."""
    others, number = [one for one in get(Key.KEPT, ()) if one != view], get(Key.KEEPINGS, 0) + 1
    put(Key.KEEPINGS, number)
    put(Key.KEPT, (replace(view, number=number), *others)[:MOST])


def kept() -> tuple[View, ...]:
    """Return the pinned views, the newest first."""
    return get(Key.KEPT, ())


def drop(view: View) -> None:
    """Unpin a view."""
    put(Key.KEPT, tuple(one for one in get(Key.KEPT, ()) if one != view))
