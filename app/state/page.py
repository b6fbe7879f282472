"""The definition of a page for the frame, the session and the URL."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


@dataclass(frozen=True)
class Page:
    """A page, drawn by ``page.py`` in the folder ``app/views/SLUG``; its title is the word ``page.SLUG``.

    ``slug`` is also the path of its URL, but for the first page's, which is the root. ``keys`` are those that the page
    has to itself in the session, and ``address`` those that its URL holds: one that the URL lacks has its default.
    ``passing`` are the keys whose values are cleared on another page. ``restore(query, here)`` takes what
    else a URL states of the page, which is the one that is shown or not. ``elsewhere(file)`` draws into the side bar of
    every other page what goes on here, with a link to the page's file. ``lesson_panel`` states whether the open lesson
    stands above the page, and ``covered`` whether the whole page waits while the lesson hides a result.
    """

    slug: str
    keys: type[StrEnum]
    address: tuple[StrEnum, ...] = ()
    passing: tuple[StrEnum, ...] = ()
    restore: Callable[[Mapping[str, str], bool], None] | None = None
    elsewhere: Callable[[Path], None] | None = None
    lesson_panel: bool = True
    covered: bool = True
