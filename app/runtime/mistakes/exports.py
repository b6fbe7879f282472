"""The exports of a run, created in the user's own thread, since none of them needs the model."""

from __future__ import annotations

import time
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np

from app.runtime import results
from app.runtime.mistakes import tags
from app.runtime.mistakes.runs import Opened
from app.titles import class_titles
from app.words import language
from app.words import table as table_of_words
from core import report as write_report
from core.files import to_json
from core.reporting import Wording, described, to_csv, to_parquet, to_zip
from core.types import Progress

SAMPLED = 8
"""Pictures that are drawn to know how large a zip of many will be, and how long it takes."""
WRITERS = {"csv": to_csv, "parquet": to_parquet}


def export_table(opened: Opened, places: np.ndarray, given: Mapping[int, Sequence[str]], ending: str) -> bytes:
    """The rows at those places with their tags, as a file with that ending.

    Where they are all, the pictures whose answer was not finite are among them.
    """
    unanswered = opened.run.unanswered() if len(places) == len(opened.table) else None
    return WRITERS[ending](described(opened.run, opened.table.iloc[places]), given, unanswered)


def find_export(key: Hashable) -> Any | None:
    """Return the cached export of that key, or None."""
    return results.find_result(key)


def numbers(opened: Opened, places: np.ndarray) -> tuple[int, ...]:
    """The numbers of the pictures at those places."""
    return tuple(opened.table["number"].to_numpy()[places].tolist())


def zip_key(opened: Opened, places: np.ndarray, name: str) -> tuple:
    """The key of a zip."""
    return ("zip", *opened.key, name, numbers(opened, places))


def zip_expected(opened: Opened, places: np.ndarray, name: str) -> tuple[int, float]:
    """About how many bytes the zip of the pictures at those places will have, and how many seconds it will take.

    From a few pictures of the run, which are drawn once.
    """

    def sample() -> tuple[float, float]:
        step = max(1, len(opened.table) // SAMPLED)
        some = numbers(opened, np.arange(0, len(opened.table), step)[:SAMPLED])
        start = time.perf_counter()
        size = len(to_zip(opened.run, some, (name,)))
        return size / len(some), (time.perf_counter() - start) / len(some)

    size, seconds = results.store().get(("zip-sample", *opened.key, name), sample)
    return round(size * len(places)), seconds * len(places)


def zipped(opened: Opened, places: np.ndarray, name: str, tick: Progress) -> bytes:
    """A zip of the pictures at those places, with one of the run's maps over each."""
    data = to_zip(opened.run, numbers(opened, places), (name,), tick)
    return results.store().put(zip_key(opened, places, name), data)


def report_key(opened: Opened, places: np.ndarray) -> tuple:
    """The key of a report, which includes its tags and its language."""
    return ("report", language(), *opened.key, numbers(opened, places), tuple(sorted(tags.every(opened.run).items())))


def export_report(opened: Opened, places: np.ndarray, tick: Progress) -> tuple[bytes, bytes]:
    """A report with the pictures at those places: the page in the language of this run, and its numbers as JSON."""
    titles = dict(zip(opened.classes, class_titles(opened.classes), strict=True))
    wording = Wording(language(), table_of_words(), titles)
    found = write_report(opened.run, numbers(opened, places), tags.every(opened.run), wording=wording, progress=tick)
    facts = to_json(found.facts, indent=1).encode()
    return results.store().put(report_key(opened, places), (found.html.encode(errors="backslashreplace"), facts))
