"""What is taken along of a run, made in the visitor's own thread: nothing here needs the model."""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from app.runtime import results, tags
from app.runtime.runs import Opened
from core import report as write_report
from core.reporting.archive import to_csv, to_parquet, to_zip
from core.types import Progress

WRITERS = {"csv": to_csv, "parquet": to_parquet}


def table(rows: pd.DataFrame, given: Mapping[int, Sequence[str]], ending: str) -> bytes:
    """Rows of a run's table with their tags, as a file with that ending."""
    return WRITERS[ending](rows, given)


def find(key: Hashable) -> Any | None:
    """What was made before, or None."""
    return results.store().find(key)


def numbers(opened: Opened, places: np.ndarray) -> tuple[int, ...]:
    """The numbers of the pictures at those places."""
    return tuple(opened.table["number"].to_numpy()[places].tolist())


def zip_key(opened: Opened, places: np.ndarray, name: str) -> tuple:
    """What a zip is known by."""
    return ("zip", *opened.key, name, numbers(opened, places))


def zipped(opened: Opened, places: np.ndarray, name: str, tick: Progress) -> bytes:
    """A zip of the pictures at those places, with one of the run's maps over each."""
    data = to_zip(opened.run, numbers(opened, places), (name,), tick)
    return results.store().put(zip_key(opened, places, name), data)


def report_key(opened: Opened, places: np.ndarray) -> tuple:
    """What a report is known by: its tags as well."""
    return ("report", *opened.key, numbers(opened, places), tuple(sorted(tags.every(opened.run).items())))


def report(opened: Opened, places: np.ndarray, tick: Progress) -> tuple[bytes, bytes]:
    """A report with the pictures at those places: the page, and its numbers as JSON."""
    found = write_report(opened.run, numbers(opened, places), tags.every(opened.run), progress=tick)
    facts = json.dumps(found.facts, ensure_ascii=False, indent=1).encode()
    return results.store().put(report_key(opened, places), (found.html.encode(), facts))
