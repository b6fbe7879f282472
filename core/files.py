"""Files: atomic writes, so that readers always see a complete file, reads of regular files only, the cache folder."""

from __future__ import annotations

import errno
import json
import math
import os
import re
import shutil
import stat
import time
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path
from socket import gaierror
from ssl import SSLError
from typing import Any, BinaryIO
from urllib.error import HTTPError, URLError
from uuid import uuid4

from core.messages import Message
from core.types import InvalidInput

REASONS = {
    errno.EACCES: Message("permission denied"),
    errno.EPERM: Message("permission denied"),
    errno.EROFS: Message("the disk is read-only"),
    errno.ENOSPC: Message("no space left on the disk"),
    errno.EDQUOT: Message("the disk quota is used up"),
    errno.ENOENT: Message("no such file or folder"),
    errno.ENOTDIR: Message("part of its path is not a folder"),
    errno.EISDIR: Message("it is a folder"),
    errno.EEXIST: Message("a file of that name exists"),
    errno.ENAMETOOLONG: Message("the name is too long"),
    errno.ELOOP: Message("its symbolic links form a loop"),
    errno.EMFILE: Message("too many files are open"),
    errno.EIO: Message("the disk cannot be read or written"),
    errno.ESTALE: Message("the disk is not connected"),
    errno.ECONNREFUSED: Message("the server refuses the connection"),
    errno.ECONNRESET: Message("the connection was interrupted"),
    errno.ENETUNREACH: Message("there is no network"),
    errno.EHOSTUNREACH: Message("the server cannot be reached"),
}
"""Texts for the most common numbers of an ``OSError``; for others the system's text is shown."""


# An empty variable counts as missing, as it is specified; torch and huggingface_hub would take the working folder.
if os.environ.get("XDG_CACHE_HOME") == "":
    del os.environ["XDG_CACHE_HOME"]


def home() -> Path:
    """Fovea's folder in the user's cache folder."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "fovea"


def open_regular(path: Path, name: str | None = None) -> BinaryIO:
    """A regular file, or a link to one, opened for reading bytes; ``name`` is its name for users, by default its path.

    Pipes and devices are refused before they are opened: a pipe may block forever, and a device may never end.

    Raises:
        InvalidInput: it is a folder, a pipe, a socket or a device.
        OSError: it does not exist, or cannot be read.
    """
    if not stat.S_ISREG(path.stat().st_mode):
        raise irregular(path, name)
    file = os.fdopen(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)), "rb")
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):  # it was replaced in between
        file.close()
        raise irregular(path, name)
    return file


def irregular(path: Path, name: str | None = None) -> InvalidInput:
    """The error for a path that is not a regular file."""
    return InvalidInput(
        "{path} is a folder. Give the path of a file."
        if path.is_dir()
        else "{path} is not a regular file. Give the path of a regular file.",
        path=name or path,
    )


def reason(error: BaseException) -> str:
    """Return the reason why a file or an address could not be read, without error numbers and class names."""
    if isinstance(error, HTTPError):
        return Message("the server responds with {answer}", answer=f"{error.code} {error.reason}".rstrip())
    if isinstance(error, URLError):
        return reason(error.reason) if isinstance(error.reason, BaseException) else without_number(str(error.reason))
    if isinstance(error, TimeoutError):
        return Message("the server does not respond")
    if isinstance(error, gaierror):
        return Message("there is no network, or the name of the server is wrong")
    if isinstance(error, HTTPException):
        return Message("the connection was interrupted")
    # has its own error numbers
    if isinstance(error, OSError) and error.errno in REASONS and not isinstance(error, SSLError):
        return REASONS[error.errno]
    stated = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return without_number(stated) or Message("it was interrupted")


def without_number(text: str) -> str:
    """The first line of a message, without a leading error number and brackets."""
    line = text.strip().partition("\n")[0]
    inner = re.search(r"\[(?:Errno|WinError) -?\d+\]:? *(.*)", line)
    return (inner[1].rstrip(">") if inner else line).rstrip(".")


def first_line(error: BaseException) -> str:
    """Return the first line of the message of an exception of another library, without its period."""
    return str(error).strip().partition("\n")[0].rstrip(".") or Message("unknown error")


UNFINISHED = re.compile(r"\.((?P<name>.+)\.)?[0-9a-f]{19,32}")
"""Names that ``unfinished`` gives, now or in older versions."""
LEFT = 3600.0
"""Seconds without a write after which what is unfinished was left by a killed process."""


def unfinished(path: Path) -> Path:
    """A new hidden path in the same folder, for what gets its name ``path`` when it is complete."""
    return path.with_name(f".{path.name}.{uuid4().hex}")


def sweep(folder: Path, name: str | None = None) -> None:
    """Remove the unfinished files and folders in a folder that killed processes have left; those of a ``name`` only.

    Another process may be writing one at this moment, so only those that were not written to for ``LEFT`` seconds go.
    """
    try:
        found = [(one, UNFINISHED.fullmatch(one.name)) for one in folder.iterdir()]
    except OSError:
        return  # it is missing, or cannot be read
    for one, hit in found:
        if hit is None or name not in (None, hit["name"]) or age(one) < LEFT:
            continue
        if one.is_dir() and not one.is_symlink():
            shutil.rmtree(one, ignore_errors=True)
        else:
            with suppress(OSError):  # another process has removed it, or it may not be removed
                one.unlink()


def age(path: Path) -> float:
    """Seconds since the last write to a file, or to anything in a folder; 0 for what is missing or cannot be read."""
    try:
        times = [one.lstat().st_mtime for one in (path, *(path.rglob("*") if path.is_dir() else ()))]
    except OSError:
        return 0.0
    return time.time() - max(times)


def put(path: Path, data: bytes, mode: int = 0o666) -> None:
    """Write a file atomically, also if the process is killed or several write it at once: the last one stays.

    ``mode`` are its permissions where it is new, less those that the process does not give.

    Raises:
        OSError: the disk is full, or the folder is gone; nothing is left of the new file then.
    """
    beside, flags = unfinished(path), os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    try:
        with os.fdopen(os.open(beside, flags, mode), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def to_json(data: Any, *, ascii_only: bool = False, **layout: Any) -> str:
    """Valid JSON: NaN and infinity, which JSON does not have, become null; ``layout`` as for json.dumps.

    Bytes of file names that are not text become escapes, so that the result can be encoded.
    """
    text = json.dumps(nulled(data), ensure_ascii=ascii_only, allow_nan=False, **layout)
    return text.encode(errors="backslashreplace").decode()


def encodable(name: str) -> str:
    """A file name as text that can be sent: bytes that are not UTF-8, and lone surrogates, become escapes."""
    try:
        return name.encode(errors="surrogateescape").decode(errors="backslashreplace")
    except UnicodeEncodeError:  # lone surrogates, which only Windows has in names
        return name.encode(errors="backslashreplace").decode()


def native(path: Path) -> str:
    """A path for libraries that only accept UTF-8, also if the system's locale is another one.

    Raises:
        InvalidInput: it is not UTF-8.
    """
    try:
        return os.fsencode(path).decode()
    except UnicodeDecodeError as error:
        raise InvalidInput("The name {path} is not UTF-8. Choose a folder with another name.", path=path) from error


def nulled(data: Any) -> Any:
    """Return the data with None in place of each number that is not finite."""
    if isinstance(data, dict):
        return {key: nulled(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [nulled(value) for value in data]
    return None if isinstance(data, float) and not math.isfinite(data) else data
