"""The keys of the session that Learn has to itself, and what its address holds."""

from __future__ import annotations

from enum import StrEnum

from app.state import Key


class LearnKey(StrEnum):
    """Every key; those of the address stand in it by that name."""

    LIST = "lessons"


ADDRESS = (Key.MODEL, Key.SAMPLE)
