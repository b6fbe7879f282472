"""Files: written at one stroke, so that whoever looks meets a whole one, and read only where they are regular files."""

from __future__ import annotations

import json
import math
import os
import re
import stat
from http.client import HTTPException
from pathlib import Path
from socket import gaierror
from typing import Any, BinaryIO
from urllib.error import HTTPError, URLError
from uuid import uuid4

from core.types import InvalidInput


def open_regular(path: Path) -> BinaryIO:
    """A regular file, or a link to one, opened for reading bytes.

    A pipe would keep its reader waiting for good, and a device may never end: they are not even opened.

    Raises:
        InvalidInput: it is a folder, a pipe, a socket or a device.
        OSError: it is not there, or cannot be read.
    """
    if not stat.S_ISREG(path.stat().st_mode):
        raise irregular(path)
    file = os.fdopen(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)), "rb")
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):  # it was replaced in between
        file.close()
        raise irregular(path)
    return file


def irregular(path: Path) -> InvalidInput:
    """What is to be said of a path that leads to no regular file."""
    what = "a folder" if path.is_dir() else "a pipe, a socket or a device"
    return InvalidInput(f"{path} is {what} and not a file; give the path of a file.")


def reason(error: BaseException) -> str:
    """Why a file could not be had, of this machine or of the network, in words: no numbers and no names of classes."""
    if isinstance(error, HTTPError):
        return f"the server answers {error.code} {error.reason}".rstrip()
    if isinstance(error, URLError):
        return reason(error.reason) if isinstance(error.reason, BaseException) else without_number(str(error.reason))
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, gaierror):
        return "no network, or the server's name is not known"
    if isinstance(error, OSError) and error.strerror:
        return without_number(error.strerror)
    if isinstance(error, HTTPException):
        return "the connection broke off"
    return without_number(str(error)) or "it broke off"


def without_number(text: str) -> str:
    """The first line of a message, without the numbers that systems begin theirs with and the brackets round it."""
    line = text.strip().partition("\n")[0]
    inner = re.search(r"\[(?:Errno|WinError) -?\d+\]:? *(.*)", line)
    return (inner[1].rstrip(">") if inner else line).rstrip(".")


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
        raise InvalidInput(f"{path} is no name in UTF-8; choose a folder that is called otherwise.") from error


def nulled(data: Any) -> Any:
    """The same with None in the place of each number that is not finite."""
    if isinstance(data, dict):
        return {key: nulled(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [nulled(value) for value in data]
    return None if isinstance(data, float) and not math.isfinite(data) else data
