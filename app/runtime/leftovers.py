"""What servers that were killed have left on the disk: removed at the start of the next one."""

from __future__ import annotations

from app.runtime import kept_runs
from app.runtime.mistakes import owners, zips
from app.runtime.trust.benchmark import own_file
from app.runtime.votes import votes
from core.data import home
from core.files import LEFT, age, sweep
from core.scanning import RUN_FILE


def remove_leftovers() -> None:
    """Remove unfinished files, runs that were never begun, and zips without a run; what is being written stays."""
    for folder in (home(), *(one for one in home().glob("*") if one.is_dir()), kept_runs.folder()):
        sweep(folder)
    for path in (own_file(), votes().path):  # their folders may hold files of others
        sweep(path.parent, path.name)
    zips.remove_unused()
    for folder in {one.parent for name in (RUN_FILE, owners.FILE) for one in kept_runs.folder().glob(f"*/{name}")}:
        unused = age(folder)
        sweep(folder)
        if unused > LEFT:
            owners.abandon(folder)
