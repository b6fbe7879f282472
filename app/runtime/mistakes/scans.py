"""Scans: the data to scan, listed once, and the scan itself in a separate thread."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import statistics
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePath

import streamlit as st
from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from app.runtime import kept_runs, results
from app.runtime.loading import Models
from app.runtime.mistakes import folders, owners, quota, zips
from core import Classifier, InvalidInput, Stopped
from core.data import DRAWN, IMAGENETTE, PICTURES, SEED, Collection, open_collection
from core.files import reason
from core.scanning import SAME_MODEL, Run, run_facts, scan
from core.types import Progress

FRESH = 60
"""Seconds for which a list of pictures is cached; a scan lists them again."""
PROBES = 5
"""The number of pictures that are read to estimate the time of one."""
AHEAD = 1.3
"""The time of a scan relative to its forward passes, without reading: it also computes maps and gradients."""

BEAT = 0.5
"""Seconds between two checks whether the user of a scan is still connected."""

_stopped: set[str] = set()  # the names of scans that will be stopped


@dataclass(frozen=True)
class Request:
    """A requested scan: the arguments of ``core.scan``, the model, and the name of the run.

    ``split`` is "" and ``columns`` is empty if both are detected.
    """

    model: str
    name: str
    data: str
    seed: int
    pictures: int
    mapping: tuple[tuple[str, str], ...]
    split: str = ""
    columns: tuple[tuple[str, str], ...] = ()


@st.cache_resource(show_spinner=False, ttl=FRESH, max_entries=4)
def collection(
    data: str, seed: int, pictures: int, split: str = "", columns: tuple[tuple[str, str], ...] = ()
) -> Collection:
    """The pictures of a path or a name, see ``open_collection``; with "" and no columns, both are detected.

    Raises:
        InvalidInput: as ``open_collection``, ``check_data`` and ``folders.check_pictures``.
    """
    check_data(data)
    found = open_collection(data, seed=seed, pictures=pictures, split=split or None, columns=dict(columns))
    if data != IMAGENETTE:  # the app's own photographs
        folders.check_pictures(found.origin, found.paths)
    return found


def check_data(data: str) -> None:
    """Refuse a path outside of the opened folders, wherever it comes from: a user may send any text for any choice.

    Raises:
        InvalidInput: it is neither a name of the app's own pictures, nor a stored zip, nor in an opened folder.
    """
    if data not in (*DRAWN, IMAGENETTE) and not zips.is_stored(Path(data)):
        folders.check(data)


@st.cache_resource(show_spinner=False)
def _going() -> Models:
    """The running scans: a further request joins a running one, and it ends soon after the last user leaves."""
    return Models(0)


def run_name(model: Classifier, pictures: Collection, mapping: Mapping[str, str | None]) -> str:
    """The folder of this scan, the same for the same model, pictures and classes, so that a scan continues there.

    On a server that others can reach, each user has separate folders.

    Raises:
        InvalidInput: the mapping names no class of the model.
    """
    facts = run_facts(model, pictures, mapping, True)
    same = json.dumps([facts[name] for name in SAME_MODEL], sort_keys=True) + owners.present_mark()
    words = f"{model.card.slug} {PurePath(pictures.origin).stem}"
    return re.sub(r"[^\w-]+", "-", words)[:80] + "-" + hashlib.sha256(same.encode()).hexdigest()[:8]


def seconds(model: Classifier, milliseconds: float, pictures: Collection) -> float:
    """The estimated time of a scan, from the time of a forward pass and of reading a few pictures."""

    def one(number: int) -> float:
        start = time.perf_counter()
        with suppress(InvalidInput):  # a broken picture takes its time too
            model.square(pictures.read(number))
        return time.perf_counter() - start

    def read() -> float:
        step = max(1, len(pictures) // PROBES)
        return statistics.median(one(number) for number in range(0, len(pictures), step)[:PROBES])

    reading = results.store().get(("reading", pictures.identity, model.card.size), read)
    return len(pictures) * (AHEAD * milliseconds / 1000 + reading)


def run_scan(model: Classifier, request: Request, tick: Progress) -> None:
    """Start or continue a scan; ``tick(done, total)`` is called ten times a second in this thread.

    Each batch is a separate job on the worker, so other jobs run in between. If ``tick`` raises, this thread stops
    waiting, and the scan stops soon, unless a user returns to it. Scanned pictures are kept.

    Raises:
        InvalidInput: what the core finds wrong with the data, the disk or the run; it is somebody else's, or there is
            no quota left.
        Stopped: by ``stop``.
    """
    out, chosen = kept_runs.folder() / request.name, {"seed": request.seed, "pictures": request.pictures}
    taken = {"split": request.split or None, "columns": dict(request.columns)}

    mark = owners.present_mark()
    quota.check(mark)
    owners.claim(out, mark)
    look = quota.watch(mark)

    def work(progress: Progress) -> None:
        _stopped.discard(request.name)

        def report(done: int, total: int) -> None:
            if request.name in _stopped:
                raise Stopped
            look()
            progress(done, total)

        try:
            scan(model, request.data, out, mapping=dict(request.mapping), progress=report, **chosen, **taken)
        finally:
            owners.abandon(out)

    keeper = threading.Thread(target=_keep, args=(request.name, runtime_session()), name="fovea-keeping", daemon=True)
    keeper.start()
    _going().get(_key(request.name), work, tick)


def progress(name: str) -> tuple[int, int] | None:
    """The progress of a scan in pictures (done, total); None if it is not running."""
    return _going().on_the_way(_key(name))


def _key(name: str) -> tuple[str]:
    return (str(kept_runs.folder() / name),)


def runtime_session() -> str | None:
    """Streamlit's id of this browser tab; None without a server, as in a test."""
    context = get_script_run_ctx()
    return context.session_id if context and runtime.exists() else None


def _keep(name: str, session: str | None) -> None:
    """Keep a scan running while its user visits other pages, until the tab is closed."""
    time.sleep(BEAT)  # the scan is about to begin
    while session and _is_active(session) and progress(name) is not None:
        time.sleep(BEAT)


def _is_active(session: str) -> bool:
    """Whether a browser tab is still connected; False once the server has ended."""
    try:
        return runtime.get_instance().is_active_session(session)
    except RuntimeError:
        return False


def stop(name: str) -> None:
    """Stop the scan of that name after the current batch."""
    _stopped.add(name)


def request(run: Run) -> Request:
    """The request that continues an unfinished run."""
    facts = run.facts
    drawn = re.fullmatch(r"\S+ (\d{1,9}) (\d{1,9})", facts["identity"])
    seed, pictures = map(int, drawn.groups()) if drawn else (SEED, PICTURES)
    mapping = ((label, "" if i is None else facts["classes"][i]) for label, i in facts["labels"].items())
    taken = facts.get("taken") or {}  # runs of older versions do not say it
    split, columns = taken.get("split", ""), tuple(taken.get("columns", {}).items())
    return Request(
        facts["model"],
        kept_runs.name_of(run),
        facts["data"],
        seed,
        pictures,
        tuple(mapping),
        split=split,
        columns=columns,
    )


def remove(run: Run) -> None:
    """Remove a run's folder, and its uploaded zip if no other run uses it.

    Raises:
        InvalidInput: it cannot be removed, is somebody else's, or is not one of the app's, whose folder may hold other
            files.
    """
    if not kept_runs.is_kept(run):
        raise InvalidInput("{folder} is not a run of this app. Delete the folder by hand.", folder=run.folder)
    owners.check_mine(run)
    stop(kept_runs.name_of(run))
    place = Path(run.facts["data"])
    try:
        shutil.rmtree(run.folder)
        if zips.is_stored(place) and not any(one.facts["data"] == str(place) for one in kept_runs.earlier()):
            zips.drop(place)
    except OSError as error:
        raise InvalidInput(
            "{folder} cannot be deleted: {reason}. Delete it by hand.", folder=run.folder, reason=reason(error)
        ) from error
