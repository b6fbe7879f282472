"""The reference values of a measure of agreement, in words."""

from __future__ import annotations

import math
from collections.abc import Callable

from app.words import listed, percent, word
from core import Measure


def reference(one: Measure, write: Callable[[float], str]) -> str:
    """The share of unrelated pairs below a value, their range, and the value of a center blob, as far as known."""
    blob = word("agreement.blob", value=write(one.blob))
    if one.high is None:
        return blob
    share = math.floor(100 * one.standing) / 100
    stands = word("agreement.standing", share=percent(share, 0)) if share < 1 else word("agreement.standing.all")
    return listed([stands, word("agreement.range", low=write(one.low), high=write(one.high)), blob])
