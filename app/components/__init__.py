"""Custom Streamlit components, which are drawn and operated in the browser.

``shared`` contains their common building blocks and the styles of their controls.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

_SHARED = Path(__file__).parent / "shared"


def script(folder: Path, parts: Iterable[str]) -> str:
    """Return the JavaScript of a component: the shared building blocks, then the files of its folder in this order."""
    files = [_SHARED / "element.js", *(folder / f"{part}.js" for part in parts)]
    return "\n".join(file.read_text(encoding="utf-8") for file in files)


def styles(file: Path) -> str:
    """Return the CSS of a component: the shared styles, then its own file, which may override them."""
    return "\n".join(one.read_text(encoding="utf-8") for one in (_SHARED / "controls.css", file))
