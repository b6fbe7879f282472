"""The session keys of Models, and those that its link contains."""

from __future__ import annotations

from enum import StrEnum

from app.state import Key


class ModelsKey(StrEnum):
    """Every key; the link uses the same names."""

    VIEW = "view"
    TABLE = "table"
    MATRIX = "matrix"
    WAY = "task_way"
    MODEL_UPLOADER = "model_uploader"
    REFUSED = "refused"
    MISSING = "missing_facts"
    ARCHITECTURE = "own_architecture"
    CLASSES = "own_classes"
    SIZE = "own_size"
    SCALING = "own_scaling"


ADDRESS = (Key.MODEL, Key.SAMPLE, Key.FRAMING, ModelsKey.VIEW)
PASSING = (ModelsKey.REFUSED, ModelsKey.MISSING, ModelsKey.ARCHITECTURE)
"""Notices and facts on files that are gone."""
