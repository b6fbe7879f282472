"""Files: written at one stroke, so that whoever looks meets a whole one, and read only where they are regular files."""

from __future__ import annotations

import errno
import json
import math
import os
import re
import stat
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
    errno.ENOTDIR: Message("a part of its path is not a folder"),
    errno.EISDIR: Message("it is a folder"),
    errno.EEXIST: Message("there is a file of that name"),
    errno.ENAMETOOLONG: Message("the name is too long"),
    errno.ELOOP: Message("its links lead in a circle"),
    errno.EMFILE: Message("too many files are open"),
    errno.EIO: Message("the disk cannot be read or written"),
    errno.ESTALE: Message("the disk is gone"),
    errno.ECONNREFUSED: Message("the server refuses the connection"),
    errno.ECONNRESET: Message("the connection was interrupted"),
    errno.ENETUNREACH: Message("there is no network"),
    errno.EHOSTUNREACH: Message("the server cannot be reached"),
}
"""What the commonest numbers of an ``OSError`` mean; of others the system's own words are shown."""


def open_regular(path: Path, name: str | None = None) -> BinaryIO:
    """A regular file, or a link to one, opened for reading bytes; ``name`` is what users know it by, if not its path.

    A pipe would keep its reader waiting for good, and a device may never end: they are not even opened.

    Raises:
        InvalidInput: it is a folder, a pipe, a socket or a device.
        OSError: it is not there, or cannot be read.
    """
    if not stat.S_ISREG(path.stat().st_mode):
        raise irregular(path, name)
    file = os.fdopen(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)), "rb")
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):  # it was replaced in between
        file.close()
        raise irregular(path, name)
    return file


def irregular(path: Path, name: str | None = None) -> InvalidInput:
    """The refusal of a path that leads to no regular file."""
    return InvalidInput(
        "{path} is a folder. Give the path of a file."
        if path.is_dir()
        else "{path} is a pipe, a socket or a device. Give the path of a regular file.",
        path=name or path,
    )


def reason(error: BaseException) -> str:
    """Why a file could not be had, of this machine or of the network, in words: no numbers and no names of classes."""
    if isinstance(error, HTTPError):
        return Message("the server answers {answer}", answer=f"{error.code} {error.reason}".rstrip())
    if isinstance(error, URLError):
        return reason(error.reason) if isinstance(error.reason, BaseException) else without_number(str(error.reason))
    if isinstance(error, TimeoutError):
        return Message("the server does not answer")
    if isinstance(error, gaierror):
        return Message("there is no network, or the name of the server is wrong")
    if isinstance(error, HTTPException):
        return Message("the connection was interrupted")
    if isinstance(error, OSError) and error.errno in REASONS and not isinstance(error, SSLError):  # has its own numbers
        return REASONS[error.errno]
    said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return without_number(said) or Message("it was interrupted")


def without_number(text: str) -> str:
    """The first line of a message, without the numbers that systems begin theirs with and the brackets round it."""
    line = text.strip().partition("\n")[0]
    inner = re.search(r"\[(?:Errno|WinError) -?\d+\]:? *(.*)", line)
    return (inner[1].rstrip(">") if inner else line).rstrip(".")


def first_line(error: BaseException) -> str:
    """The first line of what somebody else's exception says, without its full stop."""
    return str(error).strip().partition("\n")[0].rstrip(".") or Message("unknown error")


def put(path: Path, data: bytes) -> None:
    """Put a file in its place, also if the process is killed meanwhile or several write it at once: the last one stays.

    Raises:
        OSError: the disk is full, or the folder gone; nothing is left of the new file then.
    """
    beside = path.with_name(f".{path.name}.{uuid4().hex}")
    try:
        with beside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def to_json(data: Any, *, ascii_only: bool = False, **layout: Any) -> str:
    """JSON that every reader takes: NaN and infinity, which JSON does not know, are null; ``layout`` as json.dumps.

    Bytes of a file's name that are no text become escapes, so that the whole can be encoded.
    """
    text = json.dumps(nulled(data), ensure_ascii=ascii_only, allow_nan=False, **layout)
    return text.encode(errors="backslashreplace").decode()


def native(path: Path) -> str:
    """A path as libraries take it that know UTF-8 alone, also where the system's locale has none.

    Raises:
        InvalidInput: it is no UTF-8.
    """
    try:
        return os.fsencode(path).decode()
    except UnicodeDecodeError as error:
        raise InvalidInput("The name {path} is not UTF-8. Choose a folder with another name.", path=path) from error


def nulled(data: Any) -> Any:
    """The same with None in the place of each number that is not finite."""
    if isinstance(data, dict):
        return {key: nulled(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [nulled(value) for value in data]
    return None if isinstance(data, float) and not math.isfinite(data) else data
