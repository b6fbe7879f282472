"""Download files: complete and checked, or not at all."""

from __future__ import annotations

import hashlib
import os
import re
from http.client import HTTPException
from pathlib import Path
from urllib.request import urlopen

from core.files import reason, sweep, unfinished
from core.types import InvalidInput, Progress

CHUNK = 1 << 20  # bytes
PATIENCE = 30  # seconds without a byte


def place(url: str, folder: Path) -> Path:
    """The path in a folder for the file of a URL."""
    return folder / url.rsplit("/", 1)[-1]


def download(url: str, folder: Path, progress: Progress | None = None) -> Path:
    """The file of a URL in a folder, downloaded if it is not there. ``progress(done, total)`` counts bytes.

    A name such as ``resnet50-11ad3fa6.pth`` contains the first digits of the file's sha256; they are checked each time.
    The file gets its name when it is complete; if ``progress`` raises, nothing is left.

    Raises:
        InvalidInput: it cannot be downloaded, with the file's address and path; or it does not match its name.
    """
    path = place(url, folder)
    if path.is_file():
        if not genuine(path, path.name):
            raise InvalidInput(
                "{path} is damaged, because its sha256 is not the one in its name. Delete it and load the model again.",
                path=path,
            )
        return path
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not transfer(url, path, progress):
            raise InvalidInput(
                "{name} was damaged in the download: its sha256 is not the one in its name. Get it from {url} and put "
                "it into {folder}.",
                name=path.name,
                url=url,
                folder=folder,
            )
    except InvalidInput:
        raise
    except (OSError, HTTPException, ValueError) as error:
        raise InvalidInput(
            "{name} cannot be downloaded: {reason}. Get it from {url} and put it into {folder}.",
            name=path.name,
            reason=reason(error),
            url=url,
            folder=folder,
        ) from error
    return path


def transfer(url: str, path: Path, progress: Progress | None) -> bool:
    """Download a URL into a file that gets its name when it is complete; False, and no file, if it is not genuine."""
    part = unfinished(path)
    sweep(path.parent)
    try:
        with urlopen(url, timeout=PATIENCE) as source, part.open("xb") as file:
            total, done = int(source.headers.get("Content-Length") or 0), 0
            while chunk := source.read(CHUNK):
                file.write(chunk)
                done += len(chunk)
                if progress is not None:
                    progress(done, max(total, done))
        if genuine(part, path.name):
            os.replace(part, path)
        return path.is_file()
    finally:
        part.unlink(missing_ok=True)


def genuine(path: Path, name: str) -> bool:
    """Whether the sha256 of a file begins with the digits in ``name``; a name without digits matches every file."""
    wanted = re.search(r"-([0-9a-f]{8,64})\.", name)
    if wanted is None:
        return True
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest().startswith(wanted[1])
