"""The pages, each in a room of its own: ``PAGES`` is the one line that a new page adds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from app.state import EXPLORE, MISTAKES, MODELS, TRUST, Key
from app.views.mistakes import scanning

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Page:
    """A page of the app. Its ``slug`` is its room in this folder and, but for the first page's, the path of its URL.

    ``address`` are the keys of the session that its URL speaks for: one that the URL lacks is as it was at first.
    ``elsewhere`` draws into the side bar of every other page what goes on here, with a link to the file it is given.
    """

    slug: str
    address: tuple[Key, ...]
    elsewhere: Callable[[Path], None] | None = None

    @property
    def file(self) -> Path:
        """The script that draws it."""
        return HERE / self.slug / "page.py"


PAGES = (
    Page("explore", EXPLORE),
    Page("mistakes", MISTAKES, elsewhere=scanning.follow),
    Page("trust", TRUST),
    Page("models", MODELS),
)
"""Every page, in the order of the navigation; the first opens at the root."""


def file_of(slug: str) -> Path:
    """The script of the page of that slug, for a link to it."""
    return next(one.file for one in PAGES if one.slug == slug)
