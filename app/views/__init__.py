"""The pages: one folder each, which defines its ``PAGE``."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from app.state import Page

FOLDERS = ("explore", "compare", "learn", "mistakes", "trust", "models")
"""The folder of every page, in the order of the navigation: the one line that a new page changes."""

PAGES: tuple[Page, ...] = tuple(import_module(f"{__name__}.{slug}").PAGE for slug in FOLDERS)
"""Every page; the first opens at the root."""


def file_of(slug: str) -> Path:
    """The script of the page of that slug, for a link to it."""
    return Path(__file__).parent / slug / "page.py"
