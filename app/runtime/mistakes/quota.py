"""The disk quota of runs and zips on a server that others can reach: one for each user, and one for all together.

The variable ``FOVEA_QUOTA`` sets the second in gigabytes; each user has a tenth of it. A local server has none.
"""

from __future__ import annotations

import hashlib
import math
import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from app.runtime import kept_runs
from app.runtime.mistakes import owners
from app.runtime.public import is_public
from core import InvalidInput

VARIABLE, GIGABYTES = "FOVEA_QUOTA", 20.0
PART = 10
"""The quota of all users is so many times that of one."""
GIGABYTE, MEGABYTE = 10**9, 10**6
AGAIN = 5.0
"""Seconds between two checks during a scan."""


def quota() -> int:
    """The bytes that all runs and zips together may take.

    Raises:
        InvalidInput: the variable is not a positive number.
    """
    stated = os.environ.get(VARIABLE, "")
    with suppress(ValueError):
        found = float(stated or GIGABYTES)
        if found > 0 and math.isfinite(found):
            return round(found * GIGABYTE)
    raise InvalidInput("{variable} is not a positive number of gigabytes. Correct it.", variable=VARIABLE)


def label(mark: str) -> str:
    """The end of the names of a user's folders of zips: a hash of the user's mark; "" without a mark."""
    return f"-{hashlib.sha256(mark.encode()).hexdigest()[:16]}" if mark else ""


def used(mark: str) -> tuple[int, int]:
    """The bytes of a user's runs and zips, and those of all users; what is not yet stored is not counted."""
    folder = kept_runs.folder()
    stored = {place: place.name.endswith(label(mark)) for place in _entries(folder / kept_runs.ZIPS)}
    for place in _entries(folder):
        if place.name != kept_runs.ZIPS:
            owner = owners.owner_of(place)
            stored[place] = owner is not None and owner.mark == mark
    sizes = {place: _size(place) for place in stored}
    return sum(size for place, size in sizes.items() if stored[place]), sum(sizes.values())


def check(mark: str, more: int = 0) -> None:
    """Refuse ``more`` bytes that exceed the quota of a user; "" is the user of a local server.

    Raises:
        InvalidInput: the quota of the user, or that of all users, is exceeded.
    """
    if not mark:
        return
    limit = quota()
    mine, everything = used(mark)
    more = max(more, 1)
    if mine + more > limit // PART:
        raise InvalidInput(
            "Your runs and zips use {used} MB of the {limit} MB for each user. Only the owner of the server can remove "
            "some."
            if is_public()
            else "Your runs and zips use {used} MB of the {limit} MB for each user. Remove runs that you no longer "
            "need; a zip without a run is removed after a day.",
            used=mine // MEGABYTE,
            limit=limit // PART // MEGABYTE,
        )
    if everything + more > limit:
        raise InvalidInput(
            "The runs on this server use {used} MB of {limit} MB. Remove your runs that you no longer need, or inform "
            "the owner of the server.",
            used=everything // MEGABYTE,
            limit=limit // MEGABYTE,
        )


def watch(mark: str) -> Callable[[], None]:
    """A ``check`` for a scan, which can be called often: it looks at the disk every ``AGAIN`` seconds."""
    checked = time.monotonic()

    def look() -> None:
        nonlocal checked
        if mark and time.monotonic() - checked > AGAIN:
            check(mark)
            checked = time.monotonic()

    return look


def _entries(folder: Path) -> list[Path]:
    """The folders in a folder; none if it is missing."""
    try:
        return [one for one in folder.iterdir() if one.is_dir()]
    except OSError:  # it is missing, or cannot be read
        return []


def _size(folder: Path) -> int:
    """The bytes of all files in a folder; links are not followed."""
    total = 0
    for inside, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):  # another process has removed it
                total += os.lstat(os.path.join(inside, name)).st_size
    return total
