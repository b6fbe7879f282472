"""The owners of runs on a server that others can reach: only the owner may change, remove and share a run.

Other users see shared runs only. A run without an owner was made on the machine itself: everybody sees it, and nobody
can change it over the network. On a local server, every run belongs to its user.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from app.runtime import kept_runs
from app.runtime.mistakes import folders
from app.runtime.users import user_mark
from core import InvalidInput
from core.files import put, reason, to_json
from core.scanning import RUN_FILE, Run

FILE, SECRET = "owner.json", "owners.secret"


@dataclass(frozen=True)
class Owner:
    """The mark of the user who made a run, and whether it is shared."""

    mark: str
    shared: bool = False


def present_mark() -> str:
    """The mark of the present user; "" on a local server, which has no owners."""
    return user_mark(kept_runs.folder() / SECRET) if folders.is_closed() else ""


def owner_of(folder: Path) -> Owner | None:
    """The owner of the run in a folder; None for a run made on the machine. With a damaged file, nobody owns it."""
    try:
        stated = json.loads((folder / FILE).read_text(encoding="utf-8"))
        return Owner(str(stated["mark"]), stated["shared"] is True)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return Owner("")


def is_mine(run: Run) -> bool:
    """Whether the present user may change a run."""
    mark = present_mark()
    owner = owner_of(run.folder)
    return not mark or (owner is not None and owner.mark == mark)


def is_shown(run: Run) -> bool:
    """Whether the present user may see a run."""
    if not kept_runs.is_kept(run) or not (mark := present_mark()):
        return True
    owner = owner_of(run.folder)
    return owner is None or owner.shared or owner.mark == mark


def shown_runs() -> tuple[Run, ...]:
    """The stored runs that the present user may see, the newest first."""
    return tuple(run for run in kept_runs.earlier() if is_shown(run))


def check_mine(run: Run) -> None:
    """Refuse to change another user's run.

    Raises:
        InvalidInput: it belongs to another user, or to nobody.
    """
    if not is_mine(run):
        raise InvalidInput("This run belongs to another user, so you cannot change it. Start your own scan.")


def claim(folder: Path, mark: str) -> None:
    """Record the owner of a new run, before other users can see it; without a mark it has no owner.

    Raises:
        InvalidInput: the folder holds another user's run, or cannot be written.
    """
    if not mark:
        return
    owner = owner_of(folder)
    if owner is None and not (folder / RUN_FILE).exists():
        with suppress(OSError):  # writing the file reports the error
            folder.mkdir(parents=True, exist_ok=True)
        _write(folder, Owner(mark))
    elif owner is None or owner.mark != mark:
        raise InvalidInput("This run belongs to another user, so you cannot change it. Start your own scan.")


def abandon(folder: Path) -> None:
    """Remove the record of ``claim`` if no run was begun."""
    if not (folder / RUN_FILE).exists():
        (folder / FILE).unlink(missing_ok=True)
        with suppress(OSError):
            folder.rmdir()


def is_shared(run: Run) -> bool:
    """Whether other users see a run."""
    owner = owner_of(run.folder)
    return owner is None or owner.shared


def share(run: Run, shared: bool) -> None:
    """Show a run to other users, or hide it from them again.

    Raises:
        InvalidInput: it belongs to another user, or its folder cannot be written.
    """
    check_mine(run)
    _write(run.folder, Owner(present_mark(), shared))


def _write(folder: Path, owner: Owner) -> None:
    try:
        put(folder / FILE, to_json({"mark": owner.mark, "shared": owner.shared}).encode())
    except OSError as error:
        raise InvalidInput(
            "The owner of the run cannot be stored in {folder}: {reason}. Check the folder and its free space.",
            folder=folder,
            reason=reason(error),
        ) from error
