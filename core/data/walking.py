"""List the pictures in a folder: links are followed, hidden and system files are skipped."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from core.data.names import shown
from core.files import reason
from core.types import InvalidInput

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".jfif", ".jpe"}
FOREIGN = {".gif", ".bmp", ".tif", ".tiff", ".heic", ".heif", ".avif", ".jp2"}
"""Other endings of pictures. Those that cannot be opened are listed as broken."""

JUNK = {"__macosx", "@eadir", "@recycle", "@recently-snapshot", "#recycle", "#snapshot", "$recycle.bin", "lost+found",
        "system volume information", "thumbs.db", "desktop.ini"}  # fmt: skip
"""Files of macOS, Windows and storage servers, in lower case; names that begin with a dot are hidden, too."""

LINKS = 3
"""The most nested links to folders that are followed: more could lead into a cycle."""


def hidden(name: str) -> bool:
    """Whether a file or a folder of that name is skipped."""
    return name.startswith((".", "~$")) or name.lower() in JUNK


def shows(path: str) -> bool:
    """Whether a path names a picture, and no part of it is hidden."""
    return os.path.splitext(path)[1].lower() in SUFFIXES | FOREIGN and not any(map(hidden, path.split("/")))


def folders(root: Path) -> list[str]:
    """The folders in a folder, including links to folders, in order, as text."""
    return [shown(one.name) for one in list_entries(root) if is_folder(one)]


def walk(
    root: Path, before: str = "", above: frozenset[tuple[int, int]] | None = None, links: int = 0
) -> Iterator[str]:
    """The pictures in a folder and its subfolders, in order, as relative paths.

    Links are followed, except into a folder that contains them. A subfolder that cannot be read is listed as a path
    that ends in a slash: opening it fails, so it is reported as broken.

    Raises:
        InvalidInput: the folder itself cannot be read.
    """
    entries = list_entries(root)
    above = (around(root) if above is None else above) | {identity(root)}
    yield from (before + shown(one.name) for one in entries if shows(shown(one.name)) and not is_folder(one))
    for one in entries:
        followed = links + one.is_symlink()
        if is_folder(one) and followed <= LINKS and identity(one.path) not in above:
            inside = f"{before}{shown(one.name)}/"
            try:
                yield from walk(root / one.name, inside, above, followed)
            except InvalidInput:
                yield inside


def around(root: Path) -> frozenset[tuple[int, int]]:
    """The identities of a folder and of its parents."""
    return frozenset(identity(one) for one in {*root.absolute().parents, *root.resolve().parents})


def list_entries(root: Path) -> list[os.DirEntry[str]]:
    """The entries of a folder, in order, without hidden ones; InvalidInput if it cannot be read."""
    try:
        with os.scandir(root) as entries:
            return sorted((one for one in entries if not hidden(one.name)), key=lambda one: one.name)
    except OSError as error:
        name = shown(str(error.filename or root))
        raise InvalidInput(
            "The folder {name} cannot be read: {reason}. Check its permissions.", name=name, reason=reason(error)
        ) from error


def is_folder(one: os.DirEntry[str]) -> bool:
    """Whether an entry is a folder or a link to one."""
    try:
        return one.is_dir()
    except OSError:  # a link in a cycle
        return False


def identity(folder: str | Path) -> tuple[int, int]:
    """The identity of a folder, by whichever link it is reached."""
    try:
        known = os.stat(folder)
    except OSError:
        return -1, -1
    return known.st_dev, known.st_ino
