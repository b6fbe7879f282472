"""The comparison of two runs: the predictions that differ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from app.runtime import results
from app.runtime.mistakes import runs
from app.runtime.mistakes.runs import Opened
from core.scanning import Run

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Changes:
    """The predictions of two runs on their common pictures: ``labeled`` of the ``both`` have a true class.

    ``kinds`` are the numbers, in the first run, of the pictures whose answer changed: now ``right``, now ``wrong``, or
    ``other_answer``, which is as wrong, or as unknown, as before. ``there`` is the prediction of the other run for
    each.
    """

    both: int
    labeled: int
    right: int
    other_right: int
    kinds: dict[str, tuple[int, ...]]
    there: dict[int, str]

    @property
    def changed(self) -> int:
        """The number of predictions that differ."""
        return sum(map(len, self.kinds.values()))


def compare_runs(opened: Opened, other: Opened) -> Changes:
    """Compare the ``opened`` run with the ``other`` one, on the pictures with the same path and content."""
    return results.store().get(("compared", *opened.key, *other.key), lambda: _compare(opened.table, other.table))


def share_pictures(run: Run, other: Run) -> bool:
    """Whether two runs have a picture in common; those over the same list have."""
    if run.facts["identity"] == other.facts["identity"]:
        return True
    return bool(np.isin(runs.brief(run).marks, runs.brief(other).marks).any())


def _compare(table: pd.DataFrame, other: pd.DataFrame) -> Changes:
    same, sentence = ["path", "sha256"], ["predicted", "correct"]
    there = other[[*same, *sentence]].drop_duplicates(same)  # a list may name a picture twice
    both = table[["number", *same, *sentence]].merge(there, on=same, suffixes=("", "_there"))
    labeled = (both["correct"].notna() & both["correct_there"].notna()).to_numpy()
    now, before = (both[name].fillna(False).to_numpy(bool) & labeled for name in ("correct", "correct_there"))
    answers = both["predicted_there"].astype(object)
    changed = (both["predicted"].astype(object) != answers).to_numpy()
    kinds = {"right": now & ~before, "wrong": ~now & before, "other_answer": changed & (now == before)}
    numbers = both["number"].to_numpy()
    chosen = {name: tuple(numbers[which].tolist()) for name, which in kinds.items()}
    stated = dict(zip(numbers[changed].tolist(), answers[changed], strict=True))
    return Changes(len(both), int(labeled.sum()), int(now.sum()), int(before.sum()), chosen, stated)
