"""The session keys of Learn, and those that its link contains."""

from __future__ import annotations

from enum import StrEnum

from app.state import Key


class LearnKey(StrEnum):
    """Every key; the link uses the same names."""

    LIST = "lessons"


ADDRESS = (Key.MODEL, Key.SAMPLE)
