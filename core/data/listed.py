"""Pictures in a folder, or listed in a CSV of paths and labels."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from core.data.collection import MISSING, Collection, collect, read_picture, stamp
from core.data.folders import SUFFIXES
from core.types import InvalidInput

FOREIGN = {".jfif", ".jpe", ".gif", ".bmp", ".tif", ".tiff", ".heic", ".avif", ".jp2"}
"""Endings of pictures too. Those that cannot be opened are worth a line that says so."""

PATHS = ("path", "file", "filename", "file_name", "filepath", "file_path", "image", "image_path", "image_name",
         "picture")  # fmt: skip
LABELS = ("label", "class", "true", "target", "category", "class_name", "species")
"""What the two columns of a CSV may be called; without such a first line they are the first and the second."""

LARGEST_CSV = 100 << 20  # bytes


def shows(path: str) -> bool:
    """Whether a path is that of a picture, and no part of it is hidden."""
    parts = path.split("/")
    hidden = any(part.startswith(".") for part in parts) or "__MACOSX" in parts
    return os.path.splitext(path)[1].lower() in SUFFIXES | FOREIGN and not hidden


def by_folder(paths: Sequence[str]) -> tuple[list[str], list[str | None]]:
    """The paths to take, and for each the folder that it is sorted into, None for one that lies in none.

    Folders that hold everything else are passed through; of ``train`` and ``val`` it is ``val`` that is taken.
    """
    parts, depth = [path.split("/") for path in paths], 0
    while parts and all(len(one) > depth + 2 and one[depth] == parts[0][depth] for one in parts):
        depth += 1
    if {one[depth] for one in parts if len(one) > depth + 1} == {"train", "val"}:
        parts, depth = [one for one in parts if one[depth] == "val"], depth + 1
    return ["/".join(one) for one in parts], [one[depth] if len(one) > depth + 1 else None for one in parts]


def walk(root: Path) -> Iterator[str]:
    """The pictures in a folder and the folders in it, in order, as paths from there."""

    def refuse(error: OSError) -> None:
        raise InvalidInput(f"The folder {error.filename} cannot be read ({error.strerror}); check its permissions.")

    for folder, folders, names in os.walk(root, onerror=refuse):
        folders.sort()
        inside = Path(folder).relative_to(root)
        yield from (path for path in ((inside / name).as_posix() for name in sorted(names)) if shows(path))


def list_folder(root: Path) -> Collection:
    """The pictures in a folder, sorted into subfolders or not.

    Raises:
        InvalidInput: it holds no picture, or cannot be read.
    """
    root = root.absolute()
    paths, labels = by_folder(list(walk(root)))
    return collect(str(root), paths, labels, (stamp(root / path) for path in paths), partial(read_picture, root))


def list_csv(file: Path) -> Collection:
    """The pictures that a CSV lists, by paths from where it lies, with a label each where it has a second column.

    Raises:
        InvalidInput: it cannot be read, or lists nothing.
    """
    file = file.absolute()
    rows = read_rows(file)
    head = [name.strip().lower() for name in rows[0]] if rows else []
    place, label = 0, 1
    if any(name in PATHS for name in head):
        place = next(i for i, name in enumerate(head) if name in PATHS)
        label = next((i for i, name in enumerate(head) if name in LABELS and i != place), len(head))
        rows = rows[1:]
    elif head and not shows(rows[0][0].strip()) and stamp(file.parent / rows[0][0].strip()) == MISSING:
        rows = rows[1:]  # a heading by other names
    rows = [row for row in rows if len(row) > place and row[place].strip()]
    paths = [row[place].strip() for row in rows]
    labels = [(row[label].strip() or None) if len(row) > label else None for row in rows]
    root = file.parent
    return collect(str(file), paths, labels, (stamp(root / path) for path in paths), partial(read_picture, root))


def read_rows(file: Path) -> list[list[str]]:
    """The cells of a CSV, row by row; they may be parted by commas, semicolons or tabs."""
    try:
        if file.stat().st_size > LARGEST_CSV:
            raise InvalidInput(f"{file.name} is larger than {LARGEST_CSV >> 20} MB; part it into several.")
        text = file.read_text(encoding="utf-8-sig")
        first = text.partition("\n")[0]
        return list(csv.reader(text.splitlines(), delimiter=max(",;\t", key=first.count)))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or "it is no text in UTF-8 with a path in each line"
        raise InvalidInput(f"{file} cannot be read as a CSV: {reason}.") from error
