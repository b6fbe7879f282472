"""The form of a lesson's file: its keys, what they take, and the file as tables."""

from __future__ import annotations

import re
import tomllib
from typing import Any

AT = re.compile(r"at line (\d+)")
KEYS = {
    "": tuple("format id order minutes languages breaks author license tour defaults claim step".split()),
    "claim": ("id", "measure", "bound"),
    "step": ("id", "seconds", "view", "state", "hide", "ask", "do", "reveal"),
    "ask": ("kind", "options", "answer", "claim", "against", "share", "low", "high", "unit", "final"),
}
"""The keys of the file and of its tables; a claim has those of its measure too."""
BOOLEAN = (lambda value: isinstance(value, bool), "'{key}' must be true or false, not {given}.")
PLAIN = (lambda value: isinstance(value, str), "'{key}' must be a text, not {given}.")
NAMES = (
    lambda value: isinstance(value, list) and all(isinstance(one, str) for one in value),
    "'{key}' must be a list of texts, not {given}.",
)
FORMS = {"tour": BOOLEAN, "final": BOOLEAN, "author": PLAIN, "license": PLAIN, "unit": PLAIN, "breaks": NAMES}
"""The form of keys that have one, and the sentence for another."""


def parse(text: str) -> dict[str, Any]:
    """The tables of a TOML file.

    Raises:
        ValueError: it is not valid: the text of the error says where.
    """
    try:
        found = tomllib.loads(text)
        repr(found)  # a number may be too long to be written again
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    return found
