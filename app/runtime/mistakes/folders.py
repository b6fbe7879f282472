"""The paths that users may open: the folders that the owner names, or on a local server the user's own.

The server reads a path that a user types, or that a link contains, with its own permissions. Therefore, only the
folders in FOVEA_FOLDERS can be opened; ``..``, symbolic links and paths in a CSV cannot lead out of them. A local
server without that variable opens the home folder and the folder in which it was started, because a stranger's link
could contain any other path. A public server opens no paths. On a server that others can reach, stored runs and zips
cannot be opened by path either: each belongs to its user and is opened by name.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from app.runtime import kept_runs
from app.runtime.public import is_closed, is_public
from core import InvalidInput
from core.data import DRAWN, find_data, stored

FOLDERS = "FOVEA_FOLDERS"


def opened() -> tuple[Path, ...]:
    """The folders that users may open: those that the owner names, or on a local server the user's own."""
    if is_public():
        return ()
    named = [one for one in os.environ.get(FOLDERS, "").split(os.pathsep) if one.strip()]
    if not named and not is_closed():
        named = ["~", os.curdir]
    return tuple(Path(os.path.realpath(os.path.expanduser(one))) for one in named)


def offers() -> bool:
    """Whether a user may type any path at all."""
    return bool(opened())


def typed(text: str) -> str:
    """The absolute path that a user typed; "" for none. ``~`` is expanded, ``~name`` is not."""
    path = text.strip().strip("\"'")
    if path == "~" or path.startswith(("~/", f"~{os.sep}")):
        path = os.path.expanduser(path)
    return os.path.abspath(path) if path else ""


def check(path: str | Path) -> None:
    """Refuse a path outside of the opened folders, without revealing whether it exists.

    Raises:
        InvalidInput: it is not in an opened folder.
    """
    if all(_is_open(one) for one in {str(path), stored(str(path))}):  # either may be the one that exists
        return
    if is_closed():
        raise InvalidInput(
            "This path is not accessible, because other machines can reach this server. "
            "Upload a zip instead. The owner of the server can allow the folder with "
            "{variable}.",
            variable=FOLDERS,
        )
    raise InvalidInput(
        "This path is not in a folder that Fovea may open. Start Fovea with the folder in {variable}.",
        variable=FOLDERS,
    )


def check_pictures(origin: str, paths: Sequence[str]) -> None:
    """Refuse a folder or a table if one of its pictures is outside of the opened folders.

    ``origin`` is the folder or the table that the ``paths`` are relative to. Pictures in a zip, and drawn ones, have no
    path.

    Raises:
        InvalidInput: a link or a path leads out of the opened folders.
    """
    place = find_data(origin)
    if origin in DRAWN or (os.path.isfile(place) and place.suffix.lower() == ".zip"):
        return
    roots, known = opened(), {}
    root = place if os.path.isdir(place) else place.parent
    for path in paths:
        place = os.path.join(root, stored(path))
        folder, name = os.path.split(place)
        if folder not in known:
            known[folder] = _inside(os.path.realpath(folder), roots)
        linked = name in ("", ".", "..") or os.path.islink(place)
        if not (_inside(os.path.realpath(place), roots) if linked else known[folder]):
            raise InvalidInput("{path} links to a folder that Fovea may not open. Remove it from the data.", path=path)


def _is_open(path: str) -> bool:
    try:
        place = os.path.realpath(path)
    except ValueError:  # an impossible path
        return False
    return _inside(place, opened()) and not (is_closed() and kept_runs.holds(place))


def _inside(place: str, roots: Sequence[Path]) -> bool:
    return any(Path(place).is_relative_to(root) for root in roots)
