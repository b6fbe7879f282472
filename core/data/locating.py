"""Find the pictures of a table, even if its paths were written on another machine."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

from core.data.names import shown, stored
from core.data.walking import folders, shows
from core.files import open_regular
from core.messages import Message
from core.types import InvalidInput

SAMPLE = 20
"""The number of paths that are tried to find the rule for all."""
DEEP = 8
"""The largest number of leading parts of a path to drop."""
ENDINGS = (".jpg", ".jpeg", ".png", ".JPG", ".JPEG", ".PNG", ".webp")
"""Endings that a table may omit."""
MOST = 60
"""The largest number of folders next to a table to search."""


@dataclass(frozen=True)
class Places:
    """The folder of a table, and tests of which paths from there name pictures."""

    root: Path
    inner: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        with suppress(InvalidInput):  # the folder cannot be listed, but its files may be readable
            self.inner.extend(folders(self.root)[:MOST])

    def exists(self, path: str) -> bool:
        """Whether there is a picture at that path: by its ending, or by its first bytes."""
        try:
            place = self.root / path
            if not path or not place.is_file():
                return False
            return names_picture(path) or holds_picture(place)
        except (OSError, ValueError):  # ValueError: an impossible path
            return False

    def share(self, cells: Sequence[str]) -> float:
        """The share of cells that name a picture; a little higher where the pictures exist."""
        where = locate(self, cells)
        named = sum(where.resolve(cell) is not None for cell in cells)
        there = sum(self.exists(cell.replace("\\", "/")) for cell in cells)
        return (named + 0.1 * there) / max(1, len(cells))


def names_picture(cell: str) -> bool:
    """Whether a cell ends like the path of a picture, and is neither an address nor a sentence."""
    slashed = cell.replace("\\", "/")
    return len(cell) < 1000 and "://" not in cell and "\n" not in cell and shows(slashed.rpartition("/")[2])


def holds_picture(place: Path) -> bool:
    """Whether a file begins like a JPEG, PNG or WebP."""
    with open_regular(place) as file:
        head = file.read(12)
    return head.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")) or (head[:4] == b"RIFF" and head[8:] == b"WEBP")


@dataclass(frozen=True)
class Rule:
    """A change of a path: the first ``drop`` parts are removed, ``before`` and ``after`` are added around it."""

    drop: int = 0
    before: str = ""
    after: str = ""

    def apply(self, cell: str) -> str:
        """The path relative to the table's folder, or unchanged if it is absolute."""
        path = cell.replace("\\", "/")
        if self == Rule():
            return path
        parts = [one for one in path.split("/") if one not in ("", ".")]
        return self.before + "/".join(parts[self.drop :] or parts[-1:]) + self.after


@dataclass(frozen=True)
class Where:
    """How the paths of a table are read; ``note`` describes it."""

    places: Places
    rule: Rule

    @property
    def note(self) -> str:
        """The change of the paths, in a sentence; "" for none."""
        if self.rule == Rule():
            return ""
        folder = Message("in the folder {folder}", folder=shown(self.rule.before.rstrip("/")))
        shorter = Message("without the first {count} parts of their paths", count=self.rule.drop)
        longer = Message("with {ending} added to their names", ending=self.rule.after)
        ways = [
            *[folder] * bool(self.rule.before),
            *[shorter] * bool(self.rule.drop),
            *[longer] * bool(self.rule.after),
        ]
        return Message("The pictures were found {ways}.", ways=ways)

    def resolve(self, cell: str) -> str | None:
        """The path of a row's picture as text, whether or not it exists; None if the cell names no picture."""
        ways = [one.removeprefix("./") for one in (cell, self.rule.apply(cell), cell.replace("\\", "/"))]
        if not cell.isascii():  # macOS decomposes accents, others do not
            ways += [unicodedata.normalize(form, ways[1]) for form in ("NFC", "NFD")]
        there = next(
            (one for one in dict.fromkeys(ways) if self.places.exists(one)), cell if names_picture(cell) else None
        )
        return None if there is None else shown(there)


def locate(places: Places, cells: Sequence[str]) -> Where:
    """How to find the pictures of these paths: as written, or by the rule that finds the most of them."""
    step = max(1, len(cells) // SAMPLE)
    some = [cell for cell in cells[::step] if cell][:SAMPLE]

    if not some or any(places.exists(cell.replace("\\", "/")) for cell in some):
        return Where(places, Rule())

    def found(rule: Rule) -> int:
        paths = [rule.apply(cell) for cell in some]
        if len(set(paths)) < len(set(some)) or not (places.exists(paths[0]) or places.exists(paths[-1])):
            return 0
        return sum(map(places.exists, paths))

    endings = ("",) if all(map(names_picture, some)) else ("", *ENDINGS)
    deepest = min(DEEP, max(cell.replace("\\", "/").count("/") for cell in some))
    best, most = Rule(), 0
    for drop, folder, ending in product(range(deepest + 1), ("", *places.inner), endings):
        rule = Rule(drop, f"{stored(folder)}/" if folder else "", ending)
        if (count := found(rule)) > most:
            best, most = rule, count
        if most == len(some):
            break
    return Where(places, best)
