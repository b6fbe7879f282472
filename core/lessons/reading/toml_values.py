"""The format of a lesson's file: its keys, the types of their values, and the parser."""

from __future__ import annotations

import re
import tomllib
from typing import Any

from core.checking import brief
from core.lessons.pack import MISCONCEPTIONS
from core.messages import Message

AT = re.compile(r"at line (\d+)")
KEYS = {
    "": tuple("format id order minutes languages breaks given author license tour defaults claim step".split()),
    "claim": ("id", "measure", "bound", "above"),
    "step": ("id", "seconds", "view", "state", "hide", "ask", "do", "reveal"),
    "ask": ("kind", "options", "answer", "claim", "against", "share", "low", "high", "unit", "final"),
}
"""The keys of the file and of its tables; a claim also has those of its measure."""


def misformed(key: str, value: Any) -> Message | None:
    """Why the type of a key's value is wrong, for keys with a single type; None if it is right."""
    if key in ("tour", "final") and not isinstance(value, bool):
        return Message("'{key}' must be true or false, not {given}.", key=key, given=brief(value))
    if key in ("author", "license", "unit") and not isinstance(value, str):
        return not_text(key, value)
    texts = isinstance(value, list) and all(isinstance(one, str) for one in value)
    if key in ("breaks", "above", "given") and not (texts and (value or key != "above")):  # that compares nothing
        return Message("'{key}' must be a list of texts, not {given}.", key=key, given=brief(value))
    for one in value if key == "breaks" else ():
        if one not in MISCONCEPTIONS:
            return Message("There is no '{value}'. Choose one of: {names}.", value=one, names=list(MISCONCEPTIONS))
    return None


def not_text(key: str, value: Any) -> Message:
    """The message for a value that is not text."""
    return Message("'{key}' must be text, not {given}.", key=key, given=brief(value))


def parse(text: str) -> dict[str, Any]:
    """The tables of a TOML file.

    Raises:
        ValueError: it is not valid; the message of the error states where.
    """
    try:
        found = tomllib.loads(text)
        repr(found)  # a number may be too long to be written again
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    return found
