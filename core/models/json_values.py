"""Tests of values from JSON files of unknown origin."""

from __future__ import annotations

import json
from collections.abc import Callable
from math import isfinite
from typing import Any


def is_text(value: Any) -> bool:
    """A text of a length that can be shown."""
    return isinstance(value, str) and 0 < len(value) <= 200


def is_number(value: Any, low: float, high: float) -> bool:
    """A number in a range."""
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value) and low <= value <= high


def is_whole(value: Any, low: int, high: int) -> bool:
    """A whole number in a range."""
    return isinstance(value, int) and is_number(value, low, high)


def is_list(value: Any, least: int, most: int, fits: Callable[[Any], bool]) -> bool:
    """A list of so many items of the right kind."""
    return isinstance(value, list) and least <= len(value) <= most and all(map(fits, value))


def is_table(value: Any, fits: Callable[[Any], bool]) -> bool:
    """Items of the right kind, by name."""
    return isinstance(value, dict) and all(map(fits, value.values()))


def is_finite(value: Any) -> bool:
    """A value without NaN and infinity, which JSON does not have."""
    try:
        json.dumps(value, allow_nan=False, default=str)
    except (TypeError, ValueError, RecursionError):
        return False
    return True


def is_unicode(value: Any) -> bool:
    """Whether all texts of a JSON value can be encoded: escapes in JSON can name half of a character."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True
