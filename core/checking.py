"""What callers give, looked at before it is used: each mistake is one sentence that says what to give instead."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Any

import numpy as np

from core.types import InvalidInput, Picture

LONGEST = 60
NAMED = 10


def picture(given: Any, asker: str) -> Picture:
    """The picture that a function of that name was given.

    Raises:
        InvalidInput: it is none.
    """
    if not isinstance(given, Picture):
        raise InvalidInput("{asker} takes a Picture. Make one with open_image(path, bytes or array).", asker=asker)
    return given


def brief(given: Any) -> str:
    """The representation of any value for a sentence: one line, shortened."""
    text = " ".join(repr(given).split())
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


def listed(names: Iterable[str]) -> list[str]:
    """The first ten names for a sentence, and dots where there are more."""
    first = [*islice(names, NAMED + 1)]
    return [*first[:NAMED], "..."] if len(first) > NAMED else first


def whole(given: Any, low: int, high: int | None, name: str) -> int:
    """A whole number from ``low`` to ``high``, or without an end; of numpy too, but no bool.

    Raises:
        InvalidInput: it is something else; the sentence calls it by ``name``.
    """
    is_whole = isinstance(given, int | np.integer) and not isinstance(given, bool)
    if not is_whole or given < low or (high is not None and given > high):
        if high is None:
            raise InvalidInput(
                "{name} must be a whole number from {low} on, not {given}.", name=name, low=low, given=brief(given)
            )
        raise InvalidInput(
            "{name} must be a whole number from {low} to {high}, not {given}.",
            name=name,
            low=low,
            high=high,
            given=brief(given),
        )
    return int(given)
