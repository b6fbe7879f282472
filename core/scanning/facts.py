"""The facts of a run, the content of ``run.json``: which ones there must be, and of what kind each is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

MOST_PICTURES = 100_000_000
NEEDED = ("model", "classes", "data", "identity", "labels", "pictures", "unmatched")


def is_text(value: Any) -> bool:
    """A text that can be encoded: escapes in JSON can name half of a character."""
    if not isinstance(value, str):
        return False
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def is_whole(value: Any, low: int, high: int) -> bool:
    """A whole number in a range."""
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def is_texts(value: Any) -> bool:
    """A list of texts."""
    return isinstance(value, list) and all(map(is_text, value))


def is_taken(value: Any) -> bool:
    """How the data were interpreted: a split and columns, which may be missing."""
    if value is None:
        return True
    if not isinstance(value, dict) or not is_text(value.get("split", "")):
        return False
    columns = value.get("columns", {})
    return isinstance(columns, dict) and all(is_text(one) for pair in columns.items() for one in pair)


CHECKS: Mapping[str, Callable[[Any], bool]] = {
    **dict.fromkeys(("model", "weights", "identity", "data", "checksum", "started", "device", "output"), is_text),
    **dict.fromkeys(("interpolation", "title", "version"), lambda value: value is None or is_text(value)),
    **dict.fromkeys(("agreement", "tap", "stage"), lambda value: value is None or is_text(value)),
    "classes": is_texts,
    "unmatched": is_texts,
    "labels": lambda value: isinstance(value, dict) and all(map(is_text, value)),
    "pictures": lambda value: is_whole(value, 1, MOST_PICTURES),
    "batch": lambda value: is_whole(value, 1, MOST_PICTURES),
    "size": lambda value: is_whole(value, 0, 10_000),
    "resize": lambda value: value is None or is_whole(value, 0, 10_000),
    "taken": is_taken,
}
"""The test of each fact."""


def is_sound(facts: Any) -> bool:
    """Whether the facts are complete and each is of the right kind; older runs lack those that are not needed."""
    if not isinstance(facts, dict) or not all(name in facts for name in NEEDED):
        return False
    if not all(fits(facts[name]) for name, fits in CHECKS.items() if name in facts):
        return False
    indices = (index for index in facts.get("labels", {}).values() if index is not None)
    return all(is_whole(index, 0, len(facts["classes"]) - 1) for index in indices)
