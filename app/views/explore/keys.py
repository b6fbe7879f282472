"""The session keys of Explore, and those that its link contains."""

from __future__ import annotations

from enum import StrEnum

from app.state import ADDRESS as VIEW


class ExploreKey(StrEnum):
    """Every key; the link uses the same names."""

    OVERLAY = "overlay"
    SIDE = "side"
    SWAP = "swap"
    DEVIATION = "deviation"
    GATE_DEVIATION = "gate_deviation"
    TEST = "test"
    ERASED = "erased"
    OUTCOME = "outcome"
    ERASE_MAP = "erase_map"
    ERASE_SHARE = "erase_share"
    ERASE_FILL = "erase_fill"
    SEED = "seed"
    ORDER = "order"
    CHANGED = "changed"
    INITIAL_TAP = "begun"
    WAY = "way"
    SHUFFLE = "shuffle"
    PARTS_OFF = "parts_off"
    DONOR = "donor"
    DONORS = "donors"
    PAINT = "paint"
    PAINTED = "painted"
    ABLATIONS = "ablations"
    ANSWER = "answer"
    POINT = "point"
    DERIVE = "derive"
    DERIVE_TAP = "derive_tap"
    DERIVE_OF = "derive_of"
    REPORT = "report"
    REPLAY = "replay"
    REPLAYED = "replayed"


CHANGE = (ExploreKey.CHANGED, ExploreKey.WAY, ExploreKey.SHUFFLE, ExploreKey.PARTS_OFF)
"""Which attention is changed, and how."""
ERASING = (ExploreKey.ERASE_MAP, ExploreKey.ERASE_SHARE, ExploreKey.ERASE_FILL, ExploreKey.SEED)
"""What is erased, and how."""
TRIED = (ExploreKey.TEST, *CHANGE, *ERASING, ExploreKey.ORDER)
"""Which of the tests is open, what is changed in it and how, what is erased, and what becomes of the order."""
ADDRESS = (*VIEW, *TRIED)
