"""The session keys of Trust, and those that its link contains."""

from __future__ import annotations

from enum import StrEnum

from app.state import Key


class TrustKey(StrEnum):
    """Every key; the link uses the same names."""

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
