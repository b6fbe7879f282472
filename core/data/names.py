"""File names as text: every name can be shown, stored and found again, even one that is not UTF-8."""

from __future__ import annotations

import os
import re

STRANGE = re.compile(r"[\ud800-\udfff\x00-\x1f\x7f]|\\(?=x[0-9a-f]{2})")
"""What cannot stand in a text: bytes that are no UTF-8, as Python keeps them in a path; controls; and what would look
like them once they are escaped."""


def shown(path: str) -> str:
    """A path as text: ``caf\\xe9`` for a name with that byte in it. Paths in UTF-8 stay as they are."""

    def escape(found: re.Match[str]) -> str:
        return "".join(f"\\x{byte:02x}" for byte in found[0].encode(errors="surrogateescape"))

    try:
        return STRANGE.sub(escape, path)
    except UnicodeEncodeError:  # halves of characters, which only Windows has in names
        return path.encode(errors="backslashreplace").decode()


def stored(text: str) -> str:
    """The path that ``shown`` made this text of."""
    if not re.search(r"\\x[0-9a-f]{2}", text):
        return text
    data = re.sub(rb"\\x([0-9a-f]{2})", lambda found: bytes([int(found[1], 16)]), os.fsencode(text))
    return os.fsdecode(data)


def readable(name: str) -> str:
    """A shown name as a label: its bytes are UTF-8, also where the system's locale has none, or Windows' code page."""
    found = stored(name)
    if found.isprintable():
        return found
    texts = (os.fsencode(found).decode(encoding, "replace") for encoding in ("utf-8", "cp1252"))
    return next((text for text in texts if text.isprintable() and "\ufffd" not in text), name)
