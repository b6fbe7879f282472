"""What stands beside a measure of agreement, in words."""

from __future__ import annotations

import math
from collections.abc import Callable

from app.words import listed, mark, percent, word
from core import Measure


def reference(one: Measure, tell: Callable[[float], str]) -> str:
    """What stands beside a value: the range over unrelated pictures, the center blob, and where it stands."""
    blind = word("agreement.blob", value=tell(one.blob))
    if one.high is None:
        return blind
    sentence = listed([word("agreement.range", low=tell(one.low), high=tell(one.high)), blind])
    share = math.floor(100 * one.standing) / 100
    stands = word("agreement.standing", share=percent(share, 0)) if share < 1 else word("agreement.standing.all")
    return f"{sentence}{mark(': ')}{stands}"
