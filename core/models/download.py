"""Files from the network: whole and checked, or not at all."""

from __future__ import annotations

import hashlib
import os
import re
from http.client import HTTPException
from pathlib import Path
from urllib.request import urlopen
from uuid import uuid4

from core.files import reason
from core.types import InvalidInput, Progress

CHUNK = 1 << 20  # bytes
PATIENCE = 30  # seconds without a byte


def place(url: str, folder: Path) -> Path:
    """Where the file of a URL lies in a folder."""
    return folder / url.rsplit("/", 1)[-1]


def download(url: str, folder: Path, progress: Progress | None = None) -> Path:
    """The file of a URL in a folder, fetched if it is not there. ``progress(done, total)`` counts bytes.

    A name such as ``resnet50-11ad3fa6.pth`` carries the first digits of the file's sha256; they are checked each time.
    The file appears under its name when it is whole; what ``progress`` raises leaves nothing behind.

    Raises:
        InvalidInput: it cannot be fetched, with the file's address and place; or it is not what its name says.
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
                "{name} arrived damaged, because its sha256 is not the one in its name. Get it from {url} and put it "
                "into {folder}.",
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
    """Copy what a URL gives into a file that appears when it is whole; False, and no file, where it is not genuine."""
    part = path.with_name(f"{path.name}.{uuid4().hex}.part")
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
    """Whether a file has the sha256 whose first digits stand in ``name``; a name without any fits every file."""
    wanted = re.search(r"-([0-9a-f]{8,64})\.", name)
    if wanted is None:
        return True
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest().startswith(wanted[1])
