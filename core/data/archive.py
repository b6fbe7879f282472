"""Read pictures from a zip one by one, without writing unpacked files to the disk.

A zip is untrusted. The length of its table of contents, its unpacked size and its paths are checked before anything is
unpacked, and no picture is unpacked beyond the largest size of a picture.
"""

from __future__ import annotations

import os
import re
import threading
import zipfile
import zlib
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from core.data.collection import Changed, Collection, Taken, collect, stamp
from core.data.layout import arrange
from core.data.names import shown
from core.data.walking import shows
from core.files import open_regular
from core.images import MAX_BYTES, open_image
from core.messages import Message
from core.types import InvalidInput, Picture

LARGEST_ZIP = 500 << 20  # bytes of the file
UNPACKED = 4 * LARGEST_ZIP  # bytes of all unpacked files; pictures are already compressed, so the zip is hardly smaller
CONTENTS = 16 << 20  # bytes of the table of contents
ENTRIES = 200_000
BROKEN = (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, EOFError, ValueError, OSError)
"""Exceptions from a damaged, encrypted or unsupported zip."""


UTF8 = 0x800
ENCRYPTED = 0x1
"""Flags of an entry (APPNOTE 4.4.4)."""
BOUNDED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""Compressions that are unpacked piece by piece; of others zipfile unpacks all that a piece holds at once."""


class Archive:
    """An open zip that several threads may read from; ``entries`` are its files by their paths."""

    def __init__(self, file: Path):
        """Open the zip and check its table of contents.

        Raises:
            InvalidInput: it is not a zip, is too large, also when unpacked, holds a path that leads out of it, or needs
            a
                password.
        """
        self.file, self.lock = file, threading.Lock()
        name = shown(file.name)
        try:
            self.stamp = stamp(file)
            if self.stamp[0] > LARGEST_ZIP:
                raise InvalidInput(
                    "{name} is larger than {megabytes} MB. Split it into smaller files.",
                    name=name,
                    megabytes=LARGEST_ZIP >> 20,
                )
            with open_regular(file) as opened:
                if contents(opened) > CONTENTS:
                    raise InvalidInput("{name} contains too many files. Split it into several.", name=name)
            self.zip = zipfile.ZipFile(file)
            if len(self.zip.infolist()) > ENTRIES:
                raise InvalidInput("{name} contains too many files. Split it into several.", name=name)
        except InvalidInput:
            raise
        except BROKEN as error:
            raise InvalidInput(
                "{name} cannot be read as a zip. Create the zip again.", name=shown(str(file))
            ) from error
        there = [one for one in self.zip.infolist() if not one.is_dir() and not one.filename.endswith("\\")]
        stray = next((path for path in map(path_of, there) if leads_out(path)), None)
        if stray is not None:
            raise InvalidInput(
                "{name} contains '{stray}', a path outside the zip. Create the zip without it.",
                name=name,
                stray=stray,
            )
        # of two files with the same path, the later one counts, as when unpacking
        self.entries = {tidy(path_of(one)): one for one in there}
        if sum(one.file_size for one in self.entries.values()) > UNPACKED:
            raise InvalidInput(
                "{name} unpacks to more than {megabytes} MB. Split it into smaller files.",
                name=name,
                megabytes=UNPACKED >> 20,
            )
        pictures = [one for path, one in self.entries.items() if shows(path)]
        if pictures and all(one.flag_bits & ENCRYPTED for one in pictures):
            raise InvalidInput("{name} is protected by a password. Create the zip without one.", name=name)

    def read(self, path: str, known: tuple[int, int] | None = None) -> Picture:
        """The picture of that path.

        Raises:
            Changed: the zip was removed or written again.
            InvalidInput: the picture is broken.
        """
        name = shown(str(self.file))
        if stamp(self.file) != self.stamp:
            raise Changed("{name} was changed or removed during the scan. Restore it and scan again.", name=name)
        try:
            if self.entries[path].compress_type not in BOUNDED:
                raise NotImplementedError
            with self.lock, self.zip.open(self.entries[path]) as packed:
                data = packed.read(MAX_BYTES + 1)
        except KeyError as error:
            raise InvalidInput("There is no {path} in {name}. Check the path.", path=path, name=name) from error
        except NotImplementedError as error:
            why = Message("its compression is not supported")
            raise InvalidInput("{path} cannot be unpacked: {why}. Create the zip again.", path=path, why=why) from error
        except BROKEN as error:
            why = Message(
                "it is protected by a password" if self.entries[path].flag_bits & ENCRYPTED else "it is damaged"
            )
            raise InvalidInput("{path} cannot be unpacked: {why}. Create the zip again.", path=path, why=why) from error
        return open_image(data, name=PurePosixPath(path).name)


def list_zip(file: Path, split: str | None = None) -> Collection:
    """The pictures in a zip, in class folders or not; if it holds splits, the pictures of one split.

    Raises:
        InvalidInput: as ``Archive``; or the zip holds no picture, or no such split.
    """
    archive = Archive(file.absolute())
    layout = arrange(sorted(path for path in archive.entries if shows(path)), split)
    stamps = ((one.file_size, one.CRC) for one in (archive.entries[path] for path in layout.paths))
    taken = Taken(layout.split or "", layout.splits)
    return collect(shown(str(archive.file)), layout.paths, layout.labels, stamps, archive.read, taken)


def path_of(entry: zipfile.ZipInfo) -> str:
    """The path of an entry, with slashes between its parts.

    Many programs write UTF-8 without setting its flag; Python then decodes the name as the DOS code page.
    """
    name = entry.filename
    if not entry.flag_bits & UTF8 and not name.isascii():
        with suppress(UnicodeError):
            name = name.encode("cp437").decode()
    return name.replace("\\", "/")


def tidy(path: str) -> str:
    """A path as text that can be shown, normalized: without "." and ".." within the zip."""
    return shown("/".join(parts_of(path) or ()))


def leads_out(path: str) -> bool:
    """Whether a path would leave the folder when unpacked."""
    parts = parts_of(path)
    return path.startswith("/") or parts is None or any(re.match(r"[A-Za-z]:(/|$)", one) for one in (path, *parts[:1]))


def parts_of(path: str) -> list[str] | None:
    """The folders and the name of a path; None if it leads above the first of them."""
    parts: list[str] = []
    for part in path.split("/"):
        if part == ".." and not parts:
            return None
        if part == "..":
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return parts


def contents(file: BinaryIO) -> int:
    """The size of the table of contents in bytes, from either form of the end record (APPNOTE 4.3)."""
    end = file.seek(0, os.SEEK_END)
    file.seek(max(0, end - 66_000))
    tail = file.read()
    short, long = tail.rfind(b"PK\5\6"), tail.rfind(b"PK\6\6")
    size = int.from_bytes(tail[short + 12 : short + 16], "little") if short >= 0 else 0
    if size == 0xFFFFFFFF:
        size = 0
    return max(size, int.from_bytes(tail[long + 40 : long + 48], "little") if long >= 0 else 0)
