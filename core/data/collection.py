"""Collections: pictures with labels in a fixed order, from files, a zip, or drawn by Fovea."""

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
"""The stamp of a file that did not exist when it was listed."""
GONE = (FileNotFoundError, NotADirectoryError)
"""Exceptions for a file that no longer exists; any other exception means that the file is broken."""


class Changed(InvalidInput):
    """A listed file was removed or changed. This ends a scan, unlike a broken picture."""


@dataclass(frozen=True)
class Taken:
    """The interpretation of the data: the chosen split and columns.

    ``split`` is the chosen one of all ``splits``, "" for data without splits. ``columns`` maps ``path``, ``label`` and
    ``split`` to the columns of a table, "" for none; ``headings`` are all its headings. ``note`` is a further remark,
    or "". A run stores all this; ``split`` and ``columns`` reproduce the choice.
    """

    split: str = ""
    splits: tuple[str, ...] = ()
    columns: Mapping[str, str] = field(default_factory=dict)
    headings: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, eq=False)
class Collection:
    """``paths`` and ``labels`` of n pictures, as in the data; None for a picture without a label.

    ``names`` are all labels. ``stamps`` (n, 2) int64 identify a version of each picture: its size in bytes and its time
    of change, or in a zip its checksum. ``origin`` opens the collection again; ``identity`` is a hash of the paths and
    labels in their order.

    ``read(i)`` returns a picture, from any thread. It raises ``Changed`` if the picture changed since it was listed,
    and any other InvalidInput if it is broken. ``taken`` states how the data were interpreted.
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
    """The collection of listed files; ``read(path, stamp)`` opens one of them.

    Raises:
        InvalidInput: there is no file.
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
    """Size in bytes and time of the last change in nanoseconds; ``MISSING`` if there is no such file."""
    try:
        found = path.stat()
    except (OSError, ValueError):  # ValueError: an impossible path
        return MISSING
    return found.st_size, found.st_mtime_ns


def read_picture(root: Path, path: str, known: tuple[int, int] | None = None) -> Picture:
    """The picture in a file of a folder, if it still has the ``known`` stamp; None accepts any.

    Raises:
        Changed: the folder or the file was removed, or the file was written again.
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
    except (OSError, ValueError) as error:  # ValueError: an impossible path
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
            reason=reason(error) if isinstance(error, OSError) else Message("a file cannot have this name"),
        ) from error
    if known not in (None, (found.st_size, found.st_mtime_ns)):
        raise Changed("{path} was changed after the scan began. Scan again to use the new file.", path=path)
    return open_image(data, name=path.rpartition("/")[2])
