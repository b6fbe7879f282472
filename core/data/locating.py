"""Where the pictures of a table lie: by their paths, or by what is left of these on another machine."""

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
"""Paths that tell where the others lie."""
DEEP = 8
"""First parts of a path that another machine may have had more."""
ENDINGS = (".jpg", ".jpeg", ".png", ".JPG", ".JPEG", ".PNG", ".webp")
"""What a table may leave out of the names of pictures."""
MOST = 60
"""Folders beside a table that are looked into."""


@dataclass(frozen=True)
class Places:
    """Where a table lies, and which paths from there name pictures."""

    root: Path
    inner: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        with suppress(InvalidInput):  # a folder whose files may be read but not listed
            self.inner.extend(folders(self.root)[:MOST])

    def exists(self, path: str) -> bool:
        """Whether there is a picture of that path: by its ending, or by how it begins."""
        try:
            place = self.root / path
            if not path or not place.is_file():
                return False
            return looks_so(path) or begins_so(place)
        except (OSError, ValueError):  # the latter of a path that no file can have
            return False

    def share(self, cells: Sequence[str]) -> float:
        """How many of some cells name a picture; a little more where the pictures are there too."""
        where = locate(self, cells)
        named = sum(where.resolve(cell) is not None for cell in cells)
        there = sum(self.exists(cell.replace("\\", "/")) for cell in cells)
        return (named + 0.1 * there) / max(1, len(cells))


def looks_so(cell: str) -> bool:
    """Whether a cell ends as the path of a picture does, and is neither an address nor a sentence."""
    slashed = cell.replace("\\", "/")
    return len(cell) < 1000 and "://" not in cell and "\n" not in cell and shows(slashed.rpartition("/")[2])


def begins_so(place: Path) -> bool:
    """Whether a file begins as a JPEG, PNG or WebP does."""
    with open_regular(place) as file:
        head = file.read(12)
    return head.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")) or (head[:4] == b"RIFF" and head[8:] == b"WEBP")


@dataclass(frozen=True)
class Rule:
    """How a path is changed to lead to its file: ``drop`` first parts go, ``before`` and ``after`` stand around it."""

    drop: int = 0
    before: str = ""
    after: str = ""

    def apply(self, cell: str) -> str:
        """The path from where the table lies, or as it is where that is whole."""
        path = cell.replace("\\", "/")
        if self == Rule():
            return path
        parts = [one for one in path.split("/") if one not in ("", ".")]
        return self.before + "/".join(parts[self.drop :] or parts[-1:]) + self.after


@dataclass(frozen=True)
class Where:
    """How the paths of a table are read; ``note`` says what is of interest in that."""

    places: Places
    rule: Rule

    @property
    def note(self) -> str:
        """What was done to the paths, in a sentence; "" for nothing."""
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
        """The path of a row's picture, as it is shown, whether it is there or not; None where a cell names none."""
        ways = [one.removeprefix("./") for one in (cell, self.rule.apply(cell), cell.replace("\\", "/"))]
        if not cell.isascii():  # macOS takes accents apart, others do not
            ways += [unicodedata.normalize(form, ways[1]) for form in ("NFC", "NFD")]
        there = next((one for one in dict.fromkeys(ways) if self.places.exists(one)), cell if looks_so(cell) else None)
        return None if there is None else shown(there)


def locate(places: Places, cells: Sequence[str]) -> Where:
    """Where the pictures of these paths lie: as they are written, or else by the rule that finds the most of them."""
    step = max(1, len(cells) // SAMPLE)
    some = [cell for cell in cells[::step] if cell][:SAMPLE]

    if not some or any(places.exists(cell.replace("\\", "/")) for cell in some):
        return Where(places, Rule())

    def found(rule: Rule) -> int:
        paths = [rule.apply(cell) for cell in some]
        if len(set(paths)) < len(set(some)) or not (places.exists(paths[0]) or places.exists(paths[-1])):
            return 0
        return sum(map(places.exists, paths))

    endings = ("",) if all(map(looks_so, some)) else ("", *ENDINGS)
    deepest = min(DEEP, max(cell.replace("\\", "/").count("/") for cell in some))
    best, most = Rule(), 0
    for drop, folder, ending in product(range(deepest + 1), ("", *places.inner), endings):
        rule = Rule(drop, f"{stored(folder)}/" if folder else "", ending)
        if (count := found(rule)) > most:
            best, most = rule, count
        if most == len(some):
            break
    return Where(places, best)
