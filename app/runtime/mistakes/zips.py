"""Uploaded zips, stored next to the runs, because their pictures are read again whenever a run of them is shown."""

from __future__ import annotations

import hashlib
import os
import re
import threading
from contextlib import suppress
from pathlib import Path, PurePath
from typing import BinaryIO

from app.runtime import kept_runs
from app.runtime.mistakes import owners, quota
from core import InvalidInput
from core.data import LARGEST_ZIP, open_collection, stored
from core.files import LEFT, age, reason, sweep, unfinished

CHUNK = 1 << 20
UNUSED = 24 * 3600.0
"""Seconds for which a zip without a run is stored."""

_storing = threading.Lock()


def folder() -> Path:
    """The folder of the zips, each in a subfolder named by the hash of its content and by its user."""
    return kept_runs.folder() / kept_runs.ZIPS


def keep(file: BinaryIO, name: str) -> Path:
    """Store an uploaded zip; ``name`` is its name for users.

    Raises:
        InvalidInput: it is too large, is no zip, holds no pictures, or exceeds the quota.
    """
    remove_unused()
    mark = owners.present_mark()
    quota.check(mark)
    try:
        folder().mkdir(parents=True, exist_ok=True)
        place = _store(file, name, mark)
    except OSError as error:
        raise InvalidInput(
            "{name} cannot be stored in {folder}: {reason}. Check the folder and its free space.",
            name=name,
            folder=folder(),
            reason=reason(error),
        ) from error
    try:
        open_collection(place)
    except InvalidInput as error:
        drop(place)
        raise InvalidInput(error.message.renamed({str(place): name, place.name: name})) from error
    return place


def _store(file: BinaryIO, name: str, mark: str) -> Path:
    """Write a zip of a user atomically and return its path."""
    digest, size = hashlib.sha256(), 0
    beside = unfinished(folder() / "zip")
    try:
        with beside.open("xb") as kept:
            while chunk := file.read(CHUNK):
                digest.update(chunk)
                size += len(chunk)
                if size > LARGEST_ZIP:
                    raise InvalidInput(
                        "{name} is larger than {megabytes} MB. Split it into smaller files.",
                        name=name,
                        megabytes=LARGEST_ZIP >> 20,
                    )
                kept.write(chunk)
        place = folder() / f"{digest.hexdigest()[:16]}{quota.label(mark)}" / f"{_plain(name)}.zip"
        with _storing:  # two at once share the quota
            quota.check(mark, size)
            place.parent.mkdir(exist_ok=True)
            return beside.replace(place)
    finally:
        beside.unlink(missing_ok=True)


def _plain(name: str) -> str:
    """The name of a file without its ending, shortened, in letters and digits."""
    return re.sub(r"[^\w-]+", "-", PurePath(name).stem)[:60]


def drop(place: Path) -> None:
    """Remove a stored zip, and its folder if it is empty then."""
    place.unlink(missing_ok=True)
    if not any(place.parent.iterdir()):
        place.parent.rmdir()


def is_stored(place: Path) -> bool:
    """Whether a zip is one of these."""
    inside = place.parent.parent == folder().absolute() and place.parent.name != os.pardir
    return inside and place.is_file()


def remove_unused() -> None:
    """Remove what killed servers have left, and the zips that were stored a day ago and that no run is about."""
    sweep(folder())
    old = [one.absolute() for one in folder().glob("*/*.zip") if age(one) > UNUSED]
    used = {stored(one.facts["data"]) for one in kept_runs.earlier()} if old else set()
    for place in old:
        if str(place) not in used:
            with suppress(OSError):  # another process has removed it, or it may not be removed
                drop(place)
    for empty in (one for one in folder().glob("*") if one.is_dir() and age(one) > LEFT):
        with suppress(OSError):  # it holds a zip
            empty.rmdir()
