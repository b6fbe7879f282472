"""The cache of the rows of Compare, keyed by content."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TypeVar

from app.runtime import results
from core import ModelCard, Picture

T = TypeVar("T")


def row_key(card: ModelCard, device: str, picture: Picture, *rest: Hashable) -> tuple:
    """The key of a row for a model and a picture, which needs no loaded model; ``rest`` identifies the rest."""
    return ("compare", card.slug, device, card.facts.get("checksum"), picture.key, *rest)


def find_row(key: tuple) -> object | None:
    """Return the cached result of a row, or None."""
    return results.find_result(key)


def keep_row(key: tuple, found: T) -> T:
    """Cache the result of a row."""
    return results.store().put(key, found)
