"""Cells of a CSV that a spreadsheet would run as a formula, made text again.

OWASP, "CSV injection": a cell that begins with one of these signs is read as a formula, which may open programs and
addresses. An apostrophe before it makes it text. Numbers stay numbers.
"""

from __future__ import annotations

import re
from typing import Any

_FORMULA = re.compile(r"[=+\-@\t\r\n＝＋－＠]")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def defuse(cell: Any) -> Any:
    """A cell as a CSV can hold it: a text that would be a formula behind an apostrophe, all else as it is."""
    if isinstance(cell, str) and _FORMULA.match(cell) and not _NUMBER.fullmatch(cell):
        return f"'{cell}"
    return cell
