"""Fovea's version, and which code it is."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from pathlib import Path

__version__ = "0.1.0"


@cache
def code_version() -> str:
    """The version with the start of a checksum of the code that computes: "0.1.0+1f0c93ab"."""
    digest, root = sha256(), Path(__file__).parent
    for path in sorted(root.rglob("*.py")):
        digest.update(path.relative_to(root).as_posix().encode() + path.read_bytes())
    return f"{__version__}+{digest.hexdigest()[:8]}"
