"""The session keys of Compare, and those that its link contains."""

from __future__ import annotations

from enum import StrEnum

from app.state import Key


class CompareKey(StrEnum):
    """Every key; the link uses the same names."""

    MODELS = "models"
    PICTURES = "pictures"
    EXPLAINED = "explain"
    MAPS = "maps"

    PICKED_MODELS = "picked_models"
    PICKED_PICTURES = "picked_pictures"
    ROWS = "rows"
    STEP = "compare_step"
    FOUND = "compare_found"


ADDRESS = (
    *(Key.MODEL, Key.SAMPLE, Key.FRAMING, Key.COMPARED, Key.METHOD),
    *(CompareKey.MODELS, CompareKey.PICTURES, CompareKey.EXPLAINED, CompareKey.MAPS),
)
