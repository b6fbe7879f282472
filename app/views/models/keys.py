"""The keys of the session that Models has to itself, and what its address holds."""

from __future__ import annotations

from enum import StrEnum

from app.state import Key


class ModelsKey(StrEnum):
    """Every key; those of the address stand in it by that name."""

    VIEW = "view"
    TABLE = "table"
    MATRIX = "matrix"
    WAY = "task_way"
    MODEL_UPLOADER = "model_uploader"
    REFUSED = "refused"


ADDRESS = (Key.MODEL, Key.SAMPLE, Key.FRAMING, ModelsKey.VIEW)
PASSING = (ModelsKey.REFUSED,)
"""Notices on files that are gone."""
