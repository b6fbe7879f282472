"""Check what a lesson's state and claims name: models, samples, methods and ways to change attention."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

from core.attribution import METHODS
from core.checking import brief, listed
from core.data import open_sample
from core.evaluation.erasure import FILLS, WHICH
from core.lessons.measuring.altered_pictures import ALTERATIONS
from core.lessons.measuring.attention import ELSEWHERE, EVERYWHERE, LOWEST
from core.lessons.measuring.shared import MEAN, PARTS, WAYS
from core.lessons.measuring.single_pictures import TERMS
from core.lessons.pictures import FILE
from core.messages import Message
from core.models import zoo
from core.tasks import ROLES
from core.types import InvalidInput

MOST_PICTURES = 2000
SEEDS = 9999
METHOD_NAMES = tuple(one.slug for one in METHODS)
SHARES = tuple(map(str, range(5, 81, 5)))
"""The shares of a picture that Explore erases, in percent."""
PARTS_OFF = re.compile(r"none|[1-9]\d{0,3}(,[1-9]\d{0,3})*")
CELL = re.compile(r"[1-9]\d?,[1-9]\d?")
FRAMING = re.compile(r"center|fit|box:\d{1,3},\d{1,3},\d{1,3}")


Check = Callable[[str, str], Message | None]
"""A check: from a key and its value, the message if the value is invalid, else None."""


def one_of(names: tuple[str, ...]) -> Check:
    """A check whether a value is one of these names."""

    def check(key: str, value: str) -> Message | None:
        if value in names:
            return None
        return Message("There is no '{value}'. Choose one of: {names}.", value=value, names=list(names))

    return check


def model(key: str, value: str) -> Message | None:
    """Check that the zoo has the model with its weights, so that a lesson works without a network."""
    stored = [card.slug for card in zoo.stored()]
    if value in stored:
        return None
    return Message("There is no model '{value}' here. Choose one of: {names}.", value=value, names=listed(stored))


def sample(key: str, value: str) -> Message | None:
    """Check that the picture exists; files of the lesson's folder can only be shown in its texts."""
    if FILE.fullmatch(value):
        return Message(
            "A step shows a sample, such as {example}, not the file '{file}'. Show the file in the words, by {figure}.",
            example="scenes/42",
            file=value,
            figure=f"![TEXT]({value})",
        )
    try:
        open_sample(value)
    except InvalidInput as error:
        return error.message
    return None


def whole_number(low: int, high: int) -> Check:
    """A check whether a value is a whole number in a range."""

    def check(key: str, value: str) -> Message | None:
        if value.isascii() and value.isdigit() and len(value) < 9 and low <= int(value) <= high:
            return None
        return Message(
            "'{key}' must be a whole number from {low} to {high}, not {given}.",
            key=key,
            low=low,
            high=high,
            given=brief(value),
        )

    return check


def number_up_to(most: float) -> Check:
    """A check whether a value is a number above 0 and up to ``most``."""

    def check(key: str, value: str) -> Message | None:
        if 0 < as_number(value) <= most:
            return None
        return Message(
            "'{key}' must be a number above 0 and up to {most:g}, not {given}.", key=key, most=most, given=brief(value)
        )

    return check


def as_number(value: Any) -> float:
    """A value as a finite number; NaN for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return math.nan
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return math.nan
    return found if math.isfinite(found) else math.nan


def looks_like(pattern: re.Pattern[str], example: str) -> Check:
    """A check whether a value has the form of an example."""

    def check(key: str, value: str) -> Message | None:
        if pattern.fullmatch(value):
            return None
        return Message("'{key}' must look like '{example}', not {given}.", key=key, example=example, given=brief(value))

    return check


def part(key: str, value: str) -> Message | None:
    """Check that a value names a part of an attention map: "" for the whole, "row", "mean", or a number from 1."""
    return None if value in ("", "row", MEAN, *PARTS) else whole_number(1, 99)(key, value)


CHECKS: dict[str, Check] = {
    "model": model,
    "sample": sample,
    "to": sample,
    "method": one_of(METHOD_NAMES),
    "way": one_of(WAYS),
    "role": one_of((*ROLES, "object", "tag", "background", ELSEWHERE, EVERYWHERE, LOWEST)),
    "pictures": whole_number(2, MOST_PICTURES),
    "stages": whole_number(1, 99),
    "count": whole_number(1, 99),
    "block": whole_number(1, 512),
    "alter": one_of(tuple(ALTERATIONS)),
    "by": one_of(("cue", "mirror")),
    "on": one_of(("validation", "independent")),
    "over": one_of(("pictures", "seeds")),
    "which": one_of(WHICH),
    "fill": one_of(tuple(FILLS)),
    "erase_fill": one_of(tuple(FILLS)),
    "erase_map": one_of(("attention", "attribution")),
    "erase_share": one_of(SHARES),
    "share": number_up_to(1),
    "step": number_up_to(255),
    "seed": whole_number(0, SEEDS),
    "shuffle": whole_number(0, SEEDS),
    "parts_off": looks_like(PARTS_OFF, "1,2"),
    "framing": looks_like(FRAMING, "box:50,50,60"),
    "part": part,
    "key": whole_number(1, 8),
    "cell": looks_like(CELL, "1,7"),
    "term": one_of(tuple(TERMS)),
    "test": one_of(("intervene", "erase", "order", "check")),
    "order": one_of(("positions", "blocks-32", "blocks-16")),
    "section": one_of(("truth", "random", "faith", "benchmark")),
    "view": one_of(("zoo", "tasks")),
}
"""A check for each key whose values are known; the values of the others depend on the model."""


def unknown(name: str, value: Any) -> Message | None:
    """Why a value is invalid, as a message; None if it is valid or its key is not known."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return Message("'{key}' must be text or a number, not {given}.", key=name, given=brief(value))
    check = CHECKS.get(name)
    return check(name, str(value)) if check else None
