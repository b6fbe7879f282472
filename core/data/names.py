"""File names as text: every name can be shown, stored and restored, even if it is not UTF-8."""

from __future__ import annotations

import os
import re

STRANGE = re.compile(r"[\ud800-\udfff\x00-\x1f\x7f]|\\(?=x[0-9a-f]{2})")
"""Characters to escape: bytes that are not UTF-8, as Python keeps them in a path; control characters; and text that
would look like one of these escapes."""


def shown(path: str) -> str:
    """A path as text: ``caf\\xe9`` for a name with that byte in it. Paths in UTF-8 stay as they are."""

    def escape(found: re.Match[str]) -> str:
        return "".join(f"\\x{byte:02x}" for byte in found[0].encode(errors="surrogateescape"))

    try:
        return STRANGE.sub(escape, path)
    except UnicodeEncodeError:  # lone surrogates, which only Windows has in names
        return path.encode(errors="backslashreplace").decode()


def stored(text: str) -> str:
    """The path that ``shown`` turned into this text."""
    if not re.search(r"\\x[0-9a-f]{2}", text):
        return text
    data = re.sub(rb"\\x([0-9a-f]{2})", lambda found: bytes([int(found[1], 16)]), os.fsencode(text))
    return os.fsdecode(data)


def readable(name: str) -> str:
    """A shown name as a label: its escaped bytes are read as UTF-8, or as the code page of Windows."""
    found = stored(name)
    if found.isprintable():
        return found
    texts = (os.fsencode(found).decode(encoding, "replace") for encoding in ("utf-8", "cp1252"))
    return next((text for text in texts if text.isprintable() and "\ufffd" not in text), name)
