"""The shipped rows of the benchmark: every map that a model offers, once, with an interval that claims no certainty."""

from __future__ import annotations

import pytest

import core
from core.evaluation.benchmark import open_benchmark
from core.evaluation.sources import source_names
from core.evaluation.summary import wilson


@pytest.mark.parametrize("slug", ["scenes/transformer", "scenes-place/cbam"])
def test_what_is_shipped_has_each_map_once(slug: str) -> None:
    """No source that is not offered; which models DeepLIFT and LRP are offered for is tried out elsewhere."""
    shipped = {row.source for row in open_benchmark() if row.model == slug} - {"deeplift", "lrp"}
    assert shipped == set(source_names(core.load(slug, "cpu"))) - {"deeplift", "lrp"}


def test_no_interval_of_what_is_shipped_claims_certainty() -> None:
    rows = open_benchmark()
    assert rows and all(row.low < row.high for row in rows)
    for row in rows:
        least = -1 if row.measure == "randomized" else 0
        assert least <= row.low <= row.mean <= row.high <= 1
        if row.measure == "blank":  # yes or no for each picture
            share = wilson(round(row.mean * row.pictures), row.pictures)
            assert (row.low, row.high) == pytest.approx((share.low, share.high))


def test_what_is_shipped_knows_of_the_place() -> None:
    found = {(row.source, row.measure): row for row in open_benchmark() if row.model == "scenes-place/cbam"}
    for name in {source for source, _ in found}:
        mass, place, blank = (found[name, measure].mean for measure in ("mass", "background-mass", "blank"))
        assert mass + place + blank == pytest.approx(1)
    assert found["layer-integrated-gradients", "blank"].mean == 1
