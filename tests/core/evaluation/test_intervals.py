"""Intervals of means: coverage on skewed, bounded and few values, Wilson's for yes and no, nothing ever certain."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy.stats import bootstrap

from core.evaluation.intervals import interval
from core.evaluation.summary import wilson

REPEATS = 2000
Draw = Callable[[np.random.Generator, int], np.ndarray]

SAMPLES: dict[str, tuple[Draw, float]] = {
    "few hits": (lambda draw, n: (draw.random(n) < 0.1) * 1.0, 0.1),
    "even hits": (lambda draw, n: (draw.random(n) < 0.5) * 1.0, 0.5),
    "uniform": (lambda draw, n: draw.random(n), 0.5),
    "narrow": (lambda draw, n: draw.normal(0.4, 0.05, n), 0.4),
    "skewed": (lambda draw, n: draw.beta(0.5, 4, n), 0.5 / 4.5),
    "skewed down": (lambda draw, n: draw.beta(6, 1, n), 6 / 7),
    "mostly zero": (lambda draw, n: draw.beta(2, 3, n) * (draw.random(n) < 0.4), 0.16),
    "mostly one": (lambda draw, n: np.where(draw.random(n) < 0.75, 1.0, draw.random(n)), 0.875),
    "rare": (lambda draw, n: np.where(draw.random(n) < 0.95, 0.02, 0.9), 0.064),
}


def coverage(ends: Callable[[np.ndarray], tuple[float, float]], name: str, n: int, repeats: int = REPEATS) -> float:
    """How often the interval of n drawn values holds their true mean."""
    make, mean = SAMPLES[name]
    draw = np.random.default_rng(n)
    found = (ends(make(draw, n)) for _ in range(repeats))
    return float(np.mean([low <= mean <= high for low, high in found]))


@pytest.mark.parametrize("n", [8, 20, 50])
@pytest.mark.parametrize("name", SAMPLES)
def test_it_holds_the_mean_as_often_as_it_says(name: str, n: int) -> None:
    assert coverage(interval, name, n) >= 0.91 if n == 8 else coverage(interval, name, n) >= 0.925


def test_percentiles_of_a_bootstrap_do_not() -> None:
    def percentiles(values: np.ndarray) -> tuple[float, float]:
        drawn = values[np.random.default_rng(0).integers(0, len(values), (500, len(values)))]
        low, high = np.percentile(drawn.mean(1), (2.5, 97.5))
        return low, high

    assert coverage(percentiles, "skewed", 8, 1000) < 0.87 and coverage(percentiles, "few hits", 8, 1000) < 0.65


@pytest.mark.filterwarnings("ignore:.*BCa confidence interval cannot be calculated.*")
def test_nor_does_bca_with_so_few() -> None:
    def bca(values: np.ndarray) -> tuple[float, float]:
        found = bootstrap((values,), np.mean, n_resamples=300, method="BCa", rng=0)
        return tuple(found.confidence_interval)

    assert coverage(bca, "skewed", 8, 300) < 0.91


@pytest.mark.parametrize(("hits", "n"), [(0, 20), (20, 20), (3, 20), (7, 8), (0, 2)])
def test_yes_and_no_have_wilsons(hits: int, n: int) -> None:
    share = wilson(hits, n)
    assert interval([1.0] * hits + [0.0] * (n - hits)) == pytest.approx((share.low, share.high))
    assert share.low < share.high


@pytest.mark.parametrize("value", [0.0, 0.25, 1.0])
@pytest.mark.parametrize("n", [2, 8, 20])
def test_equal_values_are_no_proof(value: float, n: int) -> None:
    low, high = interval([value] * n)
    unseen = wilson(0, n).high  # of all values, as many could be others, at either end of the range
    assert low == pytest.approx((1 - unseen) * value) and high == pytest.approx((1 - unseen) * value + unseen)
    assert 0 <= low <= value <= high <= 1 and high - low > 1 / (n + 5)
    if n == 20:  # values of which one in ten is another are missed in one sample of eight: they are covered then
        assert low <= 0.9 * value + 0.1 * 0 and high >= 0.9 * value + 0.1


def test_it_moves_with_the_range_and_never_leaves_it() -> None:
    draw = np.random.default_rng(0)
    for n in (2, 3, 20):
        values = draw.beta(0.3, 2, n)
        low, high = interval(values)
        assert 0 <= low < values.mean() < high <= 1
        assert interval(2 * values - 1, -1, 1) == pytest.approx((2 * low - 1, 2 * high - 1))
        assert interval(1 - values) == pytest.approx((1 - high, 1 - low))
