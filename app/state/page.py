"""The definition of a page for the frame, the session and the URL."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


@dataclass(frozen=True)
class Page:
    """A page, drawn by ``page.py`` in the folder ``app/views/SLUG``; its title is the word ``page.SLUG``.

    ``slug`` is also the path of its URL, except for the first page, which is the root. ``keys`` are the session keys
    of this page only, and ``address`` those in its URL: a key that the URL lacks has its default. The values of
    ``passing`` keys are cleared on other pages. ``restore(query, here)`` restores what else the URL states about the
    page; ``here`` is whether the page is shown. ``elsewhere(file)`` draws the progress of this page's work into the
    side bar of every other page, with a link to the page's file. ``lesson_panel``: the open lesson is shown above the
    page. ``covered``: the whole page is hidden while the lesson hides a result.
    """

    slug: str
    keys: type[StrEnum]
    address: tuple[StrEnum, ...] = ()
    passing: tuple[StrEnum, ...] = ()
    restore: Callable[[Mapping[str, str], bool], None] | None = None
    elsewhere: Callable[[Path], None] | None = None
    lesson_panel: bool = True
    covered: bool = True
