"""The results of the core in one store, keyed by content and limited in bytes."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

import streamlit as st

from app.runtime.jobs import wait_for
from app.runtime.store import Store
from core import Classifier, Picture
from core.types import Progress

T = TypeVar("T")

LIMIT = 256 * 1024 * 1024
"""Bytes of results."""


@st.cache_resource(show_spinner=False)
def store() -> Store:
    """The one store that all users share."""
    return Store(LIMIT)


def key_of(model: Classifier, picture: Picture, *rest: Hashable) -> tuple:
    """The key of a result for a model and a picture; ``rest`` identifies it."""
    return (model.card.slug, str(model.device), model.card.facts.get("checksum"), picture.key, *rest)


def find_result(key: Hashable) -> Any | None:
    """Return the cached result of that key, or None."""
    return store().find(key)


def compute_job(
    key: Hashable, model: Classifier, job: Callable[[Progress], T], owner: Hashable = None, tick: Progress | None = None
) -> T:
    """Return ``job(progress)``, run once on the model's device and cached under its key; see ``jobs.wait_for``.

    For any number of waiting users it is computed once, because each searches the cache again on the device.
    """
    kept = store()
    found = kept.find(key)
    if found is not None:
        return found
    return wait_for(model.device, lambda progress: kept.get(key, lambda: job(progress)), owner, tick)


def compute_quick(key: Hashable, model: Classifier, make: Callable[[], T]) -> T:
    """The same for quick work without progress: return ``make()``, run on the model's device."""
    kept = store()
    found = kept.find(key)
    return model.run(lambda: kept.get(key, make)) if found is None else found
