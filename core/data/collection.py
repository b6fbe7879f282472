"""A collection: pictures in a fixed order, wherever they are stored, with their labels."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from core.data.names import shown, stored
from core.files import open_regular, reason
from core.images import MAX_BYTES, open_image
from core.messages import Message
from core.types import InvalidInput, Picture

MISSING = (-1, -1)
"""The stamp of a file that was not there when it was listed."""
GONE = (FileNotFoundError, NotADirectoryError)
"""What opening a file raises that was there and is not any more. What else it raises is wrong with that one file."""


class Changed(InvalidInput):
    """What was listed is not there any more, or is not what it was: no broken picture, but the end of a scan."""


@dataclass(frozen=True)
class Taken:
    """What each part of the data was read as, where that could be otherwise.

    ``split`` is the one that was taken of all ``splits``, "" where the data are not parted. ``columns`` of a table name
    its ``path``, ``label`` and ``split``, "" for none; ``headings`` are all that there are. ``note`` says what else is
    of interest, "" for nothing. A run states all this, and with ``split`` and ``columns`` the same is taken again.
    """

    split: str = ""
    splits: tuple[str, ...] = ()
    columns: Mapping[str, str] = field(default_factory=dict)
    headings: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, eq=False)
class Collection:
    """``paths`` and ``labels`` of n pictures, as the data have them; None for a picture without a label.

    ``names`` are all labels there are. ``stamps`` (n, 2) int64 tell a changed picture: its size in bytes and when it
    was written, or in a zip its checksum. ``origin`` opens the collection again; ``identity`` is the same for the same
    paths and labels in the same order, and for nothing else.

    ``read(i)`` gives a picture, from any thread. It raises ``Changed`` where the picture is not what was listed, and
    any other InvalidInput where it is broken. ``taken`` says what each part was read as.
    """

    origin: str
    identity: str
    paths: Sequence[str]
    labels: Sequence[str | None]
    names: tuple[str, ...]
    stamps: np.ndarray
    read: Callable[[int], Picture]
    taken: Taken = Taken()

    def __len__(self) -> int:
        return len(self.paths)


def collect(
    origin: str,
    paths: Sequence[str],
    labels: Sequence[str | None],
    stamps: Iterable[tuple[int, int]],
    read: Callable[[str, tuple[int, int]], Picture],
    taken: Taken = Taken(),
) -> Collection:
    """The collection of listed files; ``read(path, stamp)`` gives one of them.

    Raises:
        InvalidInput: there is none.
    """
    if not paths:
        raise InvalidInput(
            "There is no picture in {origin}. Give a folder, zip or CSV of JPEG, PNG or WebP files.", origin=origin
        )
    known = np.array(list(stamps), np.int64).reshape(-1, 2)
    digest = hashlib.sha256()
    for path, label in zip(paths, labels, strict=True):
        digest.update(f"{path}\0{'' if label is None else label}\0".encode())
    names = tuple(sorted({label for label in labels if label is not None}))

    def read_one(index: int) -> Picture:
        return read(paths[index], tuple(known[index].tolist()))

    return Collection(origin, digest.hexdigest(), paths, labels, names, known, read_one, taken)


def stamp(path: Path) -> tuple[int, int]:
    """Size in bytes and time of the last change in nanoseconds; ``MISSING`` where there is no such file."""
    try:
        found = path.stat()
    except (OSError, ValueError):  # the latter of a path that no file can have
        return MISSING
    return found.st_size, found.st_mtime_ns


def read_picture(root: Path, path: str, known: tuple[int, int] | None = None) -> Picture:
    """The picture in a file of a folder, if it is still the one of that stamp; None takes it as it is.

    Raises:
        Changed: the folder or the file is gone, or the file was written again.
        InvalidInput: the picture is broken.
    """
    place = root / stored(path)
    if path.endswith("/"):  # as ``walk`` lists it
        raise InvalidInput("The folder {folder} cannot be read. Check its permissions.", folder=path[:-1])
    if known == MISSING:
        raise InvalidInput("There is no file {path}. Check the path.", path=shown(str(place)))
    try:
        with open_regular(place, path) as file:
            data = file.read(MAX_BYTES + 1)  # one byte too many is enough to refuse it
            found = os.fstat(file.fileno())
    except InvalidInput:
        raise
    except (OSError, ValueError) as error:  # the latter of a path that no file can have
        if isinstance(error, GONE) or not root.is_dir():
            raise Changed(
                "{path} is missing. Restore it and scan again."
                if root.is_dir()
                else "The folder {path} is missing. Restore it and scan again.",
                path=path if root.is_dir() else shown(str(root)),
            ) from error
        raise InvalidInput(
            "{path} cannot be read: {reason}. Check the file and its permissions.",
            path=path,
            reason=reason(error) if isinstance(error, OSError) else Message("no file can have this name"),
        ) from error
    if known not in (None, (found.st_size, found.st_mtime_ns)):
        raise Changed("{path} was changed after the scan began. Scan again to use the new file.", path=path)
    return open_image(data, name=path.rpartition("/")[2])
