"""The keys of the session that Trust has to itself, and what its address holds."""

from __future__ import annotations

from enum import StrEnum

from app.state import Key


class TrustKey(StrEnum):
    """Every key; those of the address stand in it by that name."""

    SECTION = "section"
    SOURCE = "source"
    TRUTH = "truth"
    EXAMPLE = "example"
    ROLE_MEASURE = "role_measure"
    ROLE_MAP = "role_map"
    EXTENT = "extent"
    MEASURES = "measures"
    MEASURING = "measuring"
    MEASURED_MODELS = "competitors"


ADDRESS = (Key.MODEL, Key.SAMPLE, Key.FRAMING, Key.TARGET, TrustKey.SECTION)
