"""The pages, each in a room of its own: ``PAGES`` is the one line that a new page adds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from app.views.explore import keys as explore
from app.views.mistakes import address, scanning
from app.views.mistakes import keys as mistakes
from app.views.models import keys as models
from app.views.trust import keys as trust

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Page:
    """A page of the app, drawn by ``page.py`` in its room.

    ``slug`` is its room in this folder and, but for the first page's, the path of its URL. ``keys`` are those that the
    page has to itself in the session, and ``address`` those that its URL speaks for: one that the URL lacks is as it
    was at first. ``passing`` are the keys whose values do not outlast a look at another page. ``restore(query, here)``
    takes what else a URL says of the page, which is the one that is shown or not. ``elsewhere(file)`` draws into the
    side bar of every other page what goes on here, with a link to the file.
    """

    slug: str
    keys: type[StrEnum]
    address: tuple[StrEnum, ...] = ()
    passing: tuple[StrEnum, ...] = ()
    restore: Callable[[Mapping[str, str], bool], None] | None = None
    elsewhere: Callable[[Path], None] | None = None

    @property
    def file(self) -> Path:
        """The script that draws it."""
        return HERE / self.slug / "page.py"


PAGES = (
    Page("explore", explore.ExploreKey, explore.ADDRESS),
    Page("mistakes", mistakes.MistakesKey, mistakes.ADDRESS, mistakes.PASSING, address.restore, scanning.follow),
    Page("trust", trust.TrustKey, trust.ADDRESS),
    Page("models", models.ModelsKey, models.ADDRESS, models.PASSING),
)
"""Every page, in the order of the navigation; the first opens at the root."""


def file_of(slug: str) -> Path:
    """The script of the page of that slug, for a link to it."""
    return next(one.file for one in PAGES if one.slug == slug)
