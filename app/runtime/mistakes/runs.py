"""Runs and cached results of an open one, fast enough for a hundred thousand pictures."""

from __future__ import annotations

import os
from collections.abc import Hashable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from app.runtime import kept_runs, results
from app.runtime.mistakes import folders, owners, tags
from app.runtime.mistakes.filters import Answers, Filter, Group, Sort
from core import InvalidInput, Picture
from core.data import DRAWN
from core.evaluation import Calibration, Share, accuracy_of, by_class, calibration_of, confusion_of
from core.images import thumbnail
from core.scanning import RUN_FILE, Run, open_run

if TYPE_CHECKING:
    import pandas as pd

SIDE = 160
"""Pixels of a thumbnail in the gallery."""
READERS = 8
"""Threads that read thumbnails."""


@dataclass(frozen=True, eq=False)
class Opened:
    """A run with its ``table`` in memory, in the state in which it was opened, which ``key`` identifies.

    The functions here identify a picture by its place in the table, 0 to n - 1. Tags and the open picture use its
    number in the collection, the column ``number``.
    """

    run: Run
    table: pd.DataFrame
    key: tuple

    @property
    def name(self) -> str:
        """The name of the run in the link."""
        return kept_runs.name_of(self.run)

    @property
    def classes(self) -> tuple[str, ...]:
        """The model's class names."""
        return self.run.classes

    def places(self, numbers: Iterable[int]) -> np.ndarray:
        """The places of the pictures with those numbers, in the table's order, without missing ones."""
        return np.flatnonzero(np.isin(self.table["number"].to_numpy(), np.fromiter(numbers, np.int64)))

    def place(self, number: int) -> int | None:
        """The place of the picture of that number, or None."""
        found = self.places((number,))
        return int(found[0]) if len(found) else None


def open_one(name: str) -> Opened:
    """The run of that name or whole path, with its table, read once for each state of the run.

    Raises:
        InvalidInput: there is no such run, it is damaged, or its folder is closed to users.
    """
    unknown = InvalidInput("There is no run '{name}'. Choose one from the list.", name=name)
    if os.path.isabs(name):
        own = kept_runs.own_name(name)
        if own is None:
            folders.check(name)
        name = own or name
    elif Path(name).name != name or name == "..":
        raise unknown
    if not os.path.isfile(kept_runs.folder() / name / RUN_FILE):
        raise unknown
    run = open_run(kept_runs.folder() / name).snapshot()
    if not owners.is_shown(run):
        raise unknown
    if not kept_runs.is_kept(run) and run.facts["data"] not in DRAWN:
        folders.check(run.facts["data"])
    return results.store().get(("run", *_stamp(run)), lambda: _read(run))


def _stamp(run: Run) -> tuple[Hashable, ...]:
    """A stamp that changes with every written part: parts never change, but one may replace another."""
    written = [part.path.stat().st_mtime_ns for part in run.parts]
    return str(run.folder), run.facts.get("started"), len(written), sum(written)


def _read(run: Run) -> Opened:
    """A run's table; classes and labels as categories, which are compared at once."""
    import pandas as pd

    key, table = _stamp(run), run.table()
    if not kept_runs.is_kept(run):
        folders.check_pictures(run.facts["data"], table["path"])
    names = pd.CategoricalDtype(run.classes)
    return Opened(run, table.astype({"label": "category", "true": names, "predicted": names}), key)


def filtered(opened: Opened, chosen: Filter) -> np.ndarray:
    """The places (m,) of the pictures that match a filter, in its order."""
    marked = tags.marked(opened.run, chosen.tag) if chosen.tag else None
    return results.store().get(("filtered", *opened.key, chosen, marked), lambda: _filter(opened, chosen, marked))


def _filter(opened: Opened, chosen: Filter, marked: tuple[int, ...] | None) -> np.ndarray:
    table, keep = opened.table, np.ones(len(opened.table), bool)
    right = correctness(table)
    for name in ("true", "predicted"):
        if wanted := getattr(chosen, name):
            known = opened.classes.index(wanted) if wanted in opened.classes else len(opened.classes)
            keep &= table[name].cat.codes.to_numpy() == known
    if chosen.answers != Answers.ALL:
        keep &= right == (chosen.answers == Answers.RIGHT)
    whole = Filter()
    for name in ("confidence", "agreement"):
        low, high = getattr(chosen, name)
        if (low, high) != getattr(whole, name):
            values = table[name].to_numpy(np.float32)
            keep &= (values >= np.float32(low)) & (values <= np.float32(high))  # what is not known is in no range
    for group in (chosen.group, chosen.lasso, None if marked is None else Group("", marked)):
        if group is not None:
            keep &= np.isin(table["number"].to_numpy(), np.array(group.numbers, np.int64))
    places = np.flatnonzero(keep)
    return places[_order(table.iloc[places], right[places], chosen.sort)]


def correctness(table: pd.DataFrame) -> np.ndarray:
    """1 for a correct prediction, 0 for a wrong one, NaN without a true class: (n,) float32."""
    return table["correct"].to_numpy(np.float32, na_value=np.nan)


def _order(table: pd.DataFrame, right: np.ndarray, sort: Sort) -> np.ndarray:
    """The order of a table's rows; ties keep their order, and unknown values come last."""
    if sort == Sort.LOSS:
        return np.argsort(-table["loss"].to_numpy(np.float32), kind="stable")
    if sort == Sort.DISAGREEMENT:
        return np.argsort(table["agreement"].to_numpy(np.float32), kind="stable")
    if sort == Sort.CONFIDENT:
        confidence = table["confidence"].to_numpy(np.float32)
        kinds = np.where(np.isnan(right), 1, 2 * right)  # wrong, unknown, right
        return np.lexsort((np.where(kinds == 0, -confidence, confidence), kinds))
    return np.arange(len(table))


def picture(opened: Opened, place: int) -> Picture:
    """The picture at a place of the table.

    Raises:
        InvalidInput: it no longer exists, or was replaced by another one.
    """
    number = int(opened.table["number"].iloc[place])
    sha256 = opened.table["sha256"].iloc[place]
    return results.store().get(("scanned", sha256), lambda: opened.run.picture(number))


def thumbnails(opened: Opened, places: Sequence[int]) -> list[bytes | None]:
    """A small JPEG of each of the pictures at those places; None for one that can no longer be read."""

    def one(place: int) -> bytes | None:
        row = opened.table.iloc[place]

        def draw_tile() -> bytes:
            return thumbnail(opened.run.picture(int(row["number"])), SIDE)

        try:
            return results.store().get(("tile", row["sha256"]), draw_tile)
        except InvalidInput:
            return None

    with ThreadPoolExecutor(READERS) as readers:
        return list(readers.map(one, places))


def array(opened: Opened, name: str, places: np.ndarray | None = None) -> np.ndarray:
    """One of the run's arrays, at those places or at all, see ``Run.array``; cached in its stored type.

    Raises:
        InvalidInput: the run does not store it.
    """

    def read() -> np.ndarray:
        values = opened.run.array(name)
        return values.astype(np.float16) if name in ("cam", "features") else values

    values = results.store().get(("array", *opened.key, name), read)
    chosen = values if places is None else values[places]
    return chosen.astype(np.float32) if chosen.dtype == np.float16 else chosen


@dataclass(frozen=True, eq=False)
class Summary:
    """The summary of a run, see ``core.evaluation.summary``."""

    accuracy: Share
    confusion: np.ndarray
    by_class: pd.DataFrame
    calibration: Calibration


def summary(opened: Opened) -> Summary:
    """The summary of a run."""
    table, classes = opened.table, opened.classes

    def summarize() -> Summary:
        counts, rows = confusion_of(table, classes), by_class(table, classes)
        return Summary(accuracy_of(table), counts, rows, calibration_of(table))

    return results.store().get(("summary", *opened.key), summarize)


def broken(opened: Opened) -> pd.DataFrame:
    """The pictures that could not be read: number, path and reason."""
    return results.store().get(("broken", *opened.key), opened.run.broken)


def unanswered(opened: Opened) -> pd.DataFrame:
    """The pictures whose output was not finite: number, path, label and reason."""
    return results.store().get(("unanswered", *opened.key), opened.run.unanswered)


def unmatched(opened: Opened) -> dict[str, int]:
    """The labels that match no class of the model, with their numbers of pictures."""
    return results.store().get(("unmatched", *opened.key), opened.run.unmatched)


def labeled(opened: Opened) -> bool:
    """Whether any picture has a true class; otherwise no prediction is correct or wrong."""
    return bool(summary(opened).accuracy.pictures)


@dataclass(frozen=True, eq=False)
class Brief:
    """A run that is not open: the share of ``right`` answers, or None, how many pictures are left out, and ``marks``.

    Those could not be read (``broken``) or had no finite answer (``unanswered``). ``marks`` (n,) uint64 are the same
    for the same picture at the same path, whatever the run.
    """

    right: float | None
    broken: int
    unanswered: int
    marks: np.ndarray


def brief(run: Run) -> Brief:
    """A run in brief; empty for a damaged run."""

    def read_brief() -> Brief:
        import pandas as pd

        table = run.table()
        right, marks = table["correct"].dropna(), pd.util.hash_pandas_object(table[["path", "sha256"]], index=False)
        left_out = len(run.broken()), len(run.unanswered())
        return Brief(float(right.mean()) if len(right) else None, *left_out, marks.to_numpy())

    try:
        return results.store().get(("brief", *_stamp(run)), read_brief)
    except (InvalidInput, OSError):
        return Brief(None, 0, 0, np.zeros(0, np.uint64))
