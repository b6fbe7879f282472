"""The tags of the pictures of a run, stored in its folder by the numbers of the pictures."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable
from pathlib import Path

from app.runtime import results
from app.runtime.mistakes import owners
from core import InvalidInput, files
from core.files import reason, to_json
from core.scanning import MOST_PICTURES, Run

FILE = "tags.json"

_writing = threading.Lock()


def every(run: Run) -> dict[int, tuple[str, ...]]:
    """The tags of each picture that has any, by number."""
    path = run.folder / FILE
    try:
        known = path.stat()
    except OSError:
        return {}
    return results.store().get(("tags", str(path), known.st_mtime_ns, known.st_ino, known.st_size), lambda: _read(path))


def _read(path: Path) -> dict[int, tuple[str, ...]]:
    try:
        stated = json.loads(path.read_text(encoding="utf-8"))
        found = {int(number): tuple(map(str, names)) for number, names in stated.items()}
        if not all(0 <= number < MOST_PICTURES for number in found):
            raise ValueError("a number that no picture has")
        return found
    except (OSError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise InvalidInput("The tags in {path} cannot be read. Repair the file or remove it.", path=path) from error


def put(run: Run, numbers: Iterable[int], names: Iterable[str], add: bool = False) -> None:
    """Give the pictures of those numbers these tags, instead of or in addition to their own.

    Raises:
        InvalidInput: the run belongs to somebody else, or its folder cannot be written.
    """
    owners.check_mine(run)
    names = tuple(dict.fromkeys(name.strip() for name in names if name.strip()))
    with _writing:
        given = dict(every(run))
        for number in numbers:
            before = given.pop(int(number), ())
            if kept := tuple(dict.fromkeys((*before, *names))) if add else names:
                given[int(number)] = kept
        stated = {str(number): given[number] for number in sorted(given)}
        try:
            files.put(run.folder / FILE, to_json(stated, indent=1).encode())
        except OSError as error:
            raise InvalidInput(
                "The tags cannot be stored in {folder}: {reason}. Check the folder and its free space, then add them "
                "again.",
                folder=run.folder,
                reason=reason(error),
            ) from error


def used(run: Run) -> dict[str, int]:
    """The tags that pictures of this run have, and how many have each, the most common first."""
    counts: dict[str, int] = {}
    for names in every(run).values():
        for name in names:
            counts[name] = counts.get(name, 0) + 1
    return dict(sorted(counts.items(), key=lambda one: -one[1]))


def marked(run: Run, tag: str) -> tuple[int, ...]:
    """The numbers of the pictures that have a tag."""
    return tuple(number for number, names in every(run).items() if tag in names)
