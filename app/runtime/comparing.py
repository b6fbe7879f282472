"""The rows of Compare: what was found for each, kept by content, and small enough that many stay."""

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
    """What was found for a row before, or None."""
    return results.find_result(key)


def keep_row(key: tuple, found: T) -> T:
    """Keep what was found for a row."""
    return results.store().put(key, found)
