"""The stored runs of this machine: their folder, their list, and their names."""

from __future__ import annotations

import os
from pathlib import Path

from core import InvalidInput
from core.data import home
from core.scanning import Run, list_runs, open_run

FOLDER, ZIPS = "FOVEA_RUNS", "zips"
"""The variable that names the folder, and the name of the folder of uploaded zips in it."""


def folder() -> Path:
    """The folder of the runs: the one that FOVEA_RUNS names, else ``runs`` in Fovea's folder of the user's cache."""
    named = os.environ.get(FOLDER)
    return Path(named) if named else home() / "runs"


def earlier() -> tuple[Run, ...]:
    """The stored runs, the newest first."""
    return list_runs(folder())


def holds(place: str) -> bool:
    """Whether a path without links is the folder of the runs or is inside it, in any spelling."""
    return any(_is_folder(one) for one in (Path(place), *Path(place).parents))


def own_name(path: str) -> str | None:
    """The name of the stored run at a path, in any spelling; None for any other path."""
    try:
        place = Path(os.path.realpath(path))
    except ValueError:  # an impossible path
        return None
    return place.name if _is_folder(place.parent) else None


def _is_folder(place: Path) -> bool:
    try:
        return os.path.samefile(place, folder())
    except OSError:  # one of them does not exist
        return False


def begun(name: str) -> bool:
    """Whether a run of that name has any picture yet."""
    try:
        return bool(open_run(folder() / name).parts)
    except InvalidInput:
        return False


def is_kept(run: Run) -> bool:
    """Whether a run is in the folder of the app's own runs."""
    return run.folder.parent == folder().absolute()


def name_of(run: Run) -> str:
    """The name of a run: the name of its folder if it is stored here, else the whole path."""
    return run.folder.name if is_kept(run) else str(run.folder)
