"""Pictures in a zip, read out of it one by one: nothing is ever unpacked to the disk, so nothing can end up elsewhere.

A zip is untrusted. How long its table of contents is, what it says to unpack to and where its paths lead is known
before anything is unpacked, and no picture is unpacked beyond the size that a picture may have.
"""

from __future__ import annotations

import os
import threading
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from core.data.collection import Changed, Collection, collect, stamp
from core.data.listed import by_folder, shows
from core.images import MAX_BYTES, open_image
from core.types import InvalidInput, Picture

LARGEST = 500 << 20  # bytes of the file
UNPACKED = 4 * LARGEST  # bytes of all that is in it; pictures are packed already and hardly shrink
CONTENTS = 64 << 20  # bytes of the table of contents, enough for half a million pictures
BROKEN = (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, EOFError, ValueError, OSError)
"""What reading out of a damaged, an encrypted or a strangely packed zip raises."""


class Archive:
    """An open zip that several threads may read pictures out of."""

    def __init__(self, file: Path):
        """Open the zip and look through its table of contents.

        Raises:
            InvalidInput: it is no zip, is too large, unpacks to too much, or holds a path that leads out of it.
        """
        self.file, self.lock = file, threading.Lock()
        try:
            self.stamp = stamp(file)
            if self.stamp[0] > LARGEST:
                raise InvalidInput(f"{file.name} is larger than {LARGEST >> 20} MB; part it into several.")
            with file.open("rb") as opened:
                if contents(opened) > CONTENTS:
                    raise InvalidInput(f"{file.name} lists too many files; part it into several.")
            self.zip = zipfile.ZipFile(file)
        except InvalidInput:
            raise
        except BROKEN as error:
            raise InvalidInput(f"{file} cannot be read as a zip; make it again and open that.") from error
        self.entries = {one.filename: one for one in self.zip.infolist() if not one.is_dir()}
        if sum(one.file_size for one in self.entries.values()) > UNPACKED:
            raise InvalidInput(f"{file.name} unpacks to more than {UNPACKED >> 20} MB; part it into several.")
        stray = next((name for name in self.entries if leads_out(name)), None)
        if stray is not None:
            raise InvalidInput(f"{file.name} holds {stray!r}, a path that leads out of it; make it again without that.")

    def read(self, path: str, known: tuple[int, int] | None = None) -> Picture:
        """The picture of that path.

        Raises:
            Changed: the zip is gone or was written again.
            InvalidInput: the picture is broken.
        """
        if stamp(self.file) != self.stamp:
            raise Changed(f"{self.file} was changed or removed while it was scanned; bring it back and scan again.")
        try:
            with self.lock, self.zip.open(self.entries[path]) as packed:
                data = packed.read(MAX_BYTES + 1)
        except KeyError as error:
            raise InvalidInput(f"There is no {path} in {self.file}.") from error
        except BROKEN as error:
            raise InvalidInput(f"{path} cannot be unpacked ({error}); make the zip again.") from error
        return open_image(data, name=PurePosixPath(path).name)


def list_zip(file: Path) -> Collection:
    """The pictures in a zip, sorted into folders or not.

    Raises:
        InvalidInput: as ``Archive``, or it holds no picture.
    """
    archive = Archive(file.absolute())
    paths, labels = by_folder(sorted(path for path in archive.entries if shows(path)))
    entries = (archive.entries[path] for path in paths)
    return collect(str(archive.file), paths, labels, ((one.file_size, one.CRC) for one in entries), archive.read)


def leads_out(path: str) -> bool:
    """Whether a path would end up elsewhere if it were unpacked."""
    return path.startswith("/") or "\\" in path or ":" in path.split("/")[0] or ".." in path.split("/")


def contents(file: BinaryIO) -> int:
    """The bytes of the table of contents, as the end of the zip tells them, in both ways that it may (APPNOTE 4.3)."""
    end = file.seek(0, os.SEEK_END)
    file.seek(max(0, end - 66_000))
    tail = file.read()
    short, long = tail.rfind(b"PK\5\6"), tail.rfind(b"PK\6\6")
    told = int.from_bytes(tail[short + 12 : short + 16], "little") if short >= 0 else 0
    if told == 0xFFFFFFFF:
        told = 0
    return max(told, int.from_bytes(tail[long + 40 : long + 48], "little") if long >= 0 else 0)
