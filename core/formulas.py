"""Escape cells of a CSV that a spreadsheet would run as a formula.

OWASP, "CSV injection": a cell that begins with one of these characters is read as a formula, which may open programs
and addresses. A leading apostrophe makes it text. Numbers stay numbers.
"""

from __future__ import annotations

import re
from typing import Any

_FORMULA = re.compile(r"[=+\-@\t\r\n＝＋－＠]")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def defuse(cell: Any) -> Any:
    """A cell for a CSV: a text that would be a formula gets an apostrophe, anything else stays unchanged."""
    if isinstance(cell, str) and _FORMULA.match(cell) and not _NUMBER.fullmatch(cell):
        return f"'{cell}"
    return cell
