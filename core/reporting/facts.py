"""The facts of a report, ready for JSON: accuracy, confusions and calibration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import numpy as np

from core.evaluation.agreement import agreement
from core.evaluation.bank import Bank
from core.evaluation.summary import Share, accuracy_of, by_class, calibration_of, confusion_of
from core.files import nulled
from core.scanning import Run

if TYPE_CHECKING:
    import pandas as pd

READABLE = 20
"""The most classes for a whole confusion matrix; for more, only the confused pairs are listed."""


def gather(
    run: Run,
    table: pd.DataFrame,
    chosen: Sequence[int],
    tags: Mapping[int, Sequence[str]],
    unrelated: Mapping[int, dict[str, float]],
) -> dict[str, Any]:
    """Collect the facts of a run; ``chosen`` are the numbers of the pictures to list individually.

    ``unrelated`` holds their results of ``range_of`` by number.
    """
    lines = table.set_index("number", drop=False).loc[list(chosen)].to_dict("records")
    share = accuracy_of(table)
    return {
        "model": run.facts["model"],
        # only the name of the folder, because a report may be shared and its path is private
        "data": PurePath(run.facts["data"]).name,
        "scanned": run.facts.get("started", ""),
        "pictures": len(table),
        "labeled": share.pictures,
        "accuracy": share_facts(share) if share.pictures else None,
        "classes": [known(one) for one in by_class(table, run.classes).to_dict("records") if one["pictures"]],
        "confusion": confused(confusion_of(table, run.classes), run.classes),
        "calibration": calibrated(table) if share.pictures else None,
        "chosen": [describe(line, tags) | {"unrelated": unrelated.get(int(line["number"]))} for line in lines],
        "broken": run.broken()[["path", "reason"]].to_dict("records"),
        "unanswered": run.unanswered()[["path", "reason"]].to_dict("records"),
        "unmatched": run.unmatched(),
    }


def share_facts(share: Share) -> dict[str, Any]:
    """A share with its number of pictures."""
    right = round(share.value * share.pictures)
    return {"value": share.value, "low": share.low, "high": share.high, "right": right, "of": share.pictures}


def confused(counts: np.ndarray, classes: Sequence[str]) -> dict[str, Any]:
    """``counts``, rows true and columns predicted, of a few ``classes``; the ``pairs``, the most common first."""
    wrong = np.where(np.eye(len(classes), dtype=bool), 0, counts)
    rows, columns = np.nonzero(wrong)
    order = np.argsort(-wrong[rows, columns], kind="stable")
    pairs = [
        {"true": classes[row], "predicted": classes[column], "count": int(wrong[row, column])}
        for row, column in zip(rows[order], columns[order], strict=True)
    ]
    few = len(classes) <= READABLE
    return {"classes": list(classes), "counts": counts.tolist() if few else None, "pairs": pairs}


def calibrated(table: pd.DataFrame) -> dict[str, Any]:
    """The calibration error and its bins."""
    found = calibration_of(table)
    return {"error": found.error, "bins": [known(vars(one)) for one in found.bins]}


def describe(line: Mapping[str, Any], tags: Mapping[int, Sequence[str]]) -> dict[str, Any]:
    """One picture's line of the table, with its tags."""
    true = line["true"] if isinstance(line["true"], str) else None
    numbers = known({name: float(line[name]) for name in ("confidence", "loss", "agreement")})
    words = {"number": int(line["number"]), "path": line["path"], "true": true, "predicted": line["predicted"]}
    right = None if true is None else true == line["predicted"]
    return {**words, "correct": right, **numbers, "tags": list(tags.get(int(line["number"]), ()))}


def range_of(
    run: Run, bank: Bank | None, sha256: str, attended: np.ndarray, cam: np.ndarray
) -> dict[str, float] | None:
    """The reference values for the rank correlation of a picture's maps (h, w); None where no range is known.

    ``low`` to ``high`` hold 95 % of pairs of maps of unrelated pictures, of which the share ``standing`` is less
    similar; ``blob`` is the value of a center blob. The ``bank`` holds maps of the run, this picture's own among them
    or not.
    """
    found = agreement(*run.named(attended, cam), bank and bank.without(sha256)).rank_correlation
    if found.low is None or found.high is None or found.standing is None:
        return None
    return {"low": found.low, "high": found.high, "blob": found.blob, "standing": found.standing}


def known(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values with None in place of NaN, which JSON does not support."""
    return nulled(dict(values))
