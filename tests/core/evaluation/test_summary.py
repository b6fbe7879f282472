"""The summary of a table: the same as other libraries compute."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest
from sklearn import metrics
from sklearn.calibration import calibration_curve

from core.evaluation.summary import accuracy_of, by_class, calibration_of, confusion_of, wilson
from core.types import InvalidInput

NAMES = ["ash", "birch", "cedar", "elm", "never"]


@pytest.fixture
def table() -> pd.DataFrame:
    """400 answers, most right, the more so the more confident; every tenth picture without a true class."""
    draw = np.random.default_rng(3)
    true = draw.integers(0, 4, 400)
    confidence = draw.uniform(0.3, 1, 400).astype(np.float32)
    confidence[:3] = 1, 0.5, 0.7
    predicted = np.where(draw.random(400) < confidence**2, true, draw.integers(0, 4, 400))
    names = np.array(NAMES, object)
    found = pd.DataFrame({"true": names[true], "predicted": names[predicted], "confidence": confidence})
    found.loc[::10, "true"] = None
    return found


def test_accuracy_and_its_interval(table: pd.DataFrame) -> None:
    known, found = table.dropna(), accuracy_of(table)
    assert found.value == pytest.approx(metrics.accuracy_score(known["true"], known["predicted"]))
    assert found.pictures == 360
    for hits, n in ((0, 7), (7, 7), (3, 8), (250, 1000)):
        own, theirs = wilson(hits, n), binomtest(hits, n).proportion_ci(0.95, "wilson")
        assert (own.low, own.high) == pytest.approx((theirs.low, theirs.high), abs=1e-12)
    nothing = accuracy_of(table[:0])
    assert math.isnan(nothing.value) and (nothing.low, nothing.high, nothing.pictures) == (0, 1, 0)


@pytest.mark.parametrize("kind", ["str", "object", "category"])
def test_confusion_and_classes(table: pd.DataFrame, kind: str) -> None:
    table = table.astype({"true": kind, "predicted": kind})
    known, counts = table.dropna().astype({"true": object, "predicted": object}), confusion_of(table, NAMES)
    assert np.array_equal(counts, metrics.confusion_matrix(known["true"], known["predicted"], labels=NAMES))
    rows = by_class(table, NAMES)
    words = {"labels": NAMES, "average": None, "zero_division": np.nan}
    assert np.allclose(
        rows["accuracy"], metrics.recall_score(known["true"], known["predicted"], **words), equal_nan=True
    )
    assert np.allclose(
        rows["precision"], metrics.precision_score(known["true"], known["predicted"], **words), equal_nan=True
    )
    assert rows["pictures"].sum() == rows["predicted"].sum() == 360 and list(rows["class"]) == NAMES
    with pytest.raises(InvalidInput, match=r"a class that is not in the list.+\.$"):
        confusion_of(table, NAMES[:3])


@pytest.mark.parametrize("bins", [1, 10, 15])
def test_calibration(table: pd.DataFrame, bins: int) -> None:
    known, found = table.dropna(), calibration_of(table, bins)
    right = known["true"] == known["predicted"]
    shares, means = calibration_curve(right, known["confidence"].astype(float), n_bins=bins)
    filled = [one for one in found.bins if one.pictures]
    assert np.allclose([one.accuracy for one in filled], shares)
    assert np.allclose([one.confidence for one in filled], means)
    weights = np.array([one.pictures for one in filled]) / len(known)
    assert sum(one.pictures for one in found.bins) == len(known) and len(found.bins) == bins
    assert found.error == pytest.approx((weights * np.abs(shares - means)).sum())
    assert found.largest == pytest.approx(np.abs(shares - means).max())


def test_calibration_by_hand() -> None:
    rows = pd.DataFrame({"true": ["a"] * 4, "predicted": ["a", "b", "a", "a"], "confidence": [0.9, 0.8, 0.2, 1.0]})
    found = calibration_of(rows, 2)
    assert found.error == pytest.approx(0.25 * 0.8 + 0.75 * (0.9 - 2 / 3)) and found.largest == pytest.approx(0.8)
    assert (found.bins[0].pictures, found.bins[1].pictures) == (1, 3) and math.isnan(calibration_of(rows[:0]).error)
    with pytest.raises(InvalidInput):
        calibration_of(rows, 0)
