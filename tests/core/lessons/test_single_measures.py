"""Measures of one picture: a number of a row of self-attention, and random regions that are erased."""

from __future__ import annotations

import math

import numpy as np
import pytest

import core
from core.data import open_sample
from core.evaluation.erasure import erase
from core.lessons import MEASURES

ROW = {
    "model": "tasks-same-row/self-attention",
    "sample": "tasks-same-row/0",
    "tap": "stage4.block1.0",
    "part": "2",
    "cell": "1,7",
}


def take(name: str, **settings) -> float:
    return MEASURES[name].take(settings).value


@pytest.mark.parametrize("key", [1, 2, 8])
def test_the_terms_of_a_row_give_the_weight_that_the_model_used(key: int) -> None:
    reading = core.read(core.load(ROW["model"], "cpu"), open_sample(ROW["sample"]))
    row = np.sort(reading.maps[0].weights[1, 6])[::-1]
    terms = {
        one: take("row-term", **ROW, key=key, term=one) for one in ("product", "scaled", "bias", "score", "weight")
    }
    assert terms["weight"] == pytest.approx(row[key - 1], abs=1e-5)
    assert terms["score"] == pytest.approx(terms["scaled"] + terms["bias"], abs=1e-9)
    first = take("row-term", **ROW, key=1, term="score")
    assert math.exp(terms["score"] - first) == pytest.approx(row[key - 1] / row[0], rel=1e-3)
    assert terms["product"] / terms["scaled"] == pytest.approx(math.sqrt(16), rel=1e-9)


def test_random_regions_are_erased_one_by_one() -> None:
    model, picture = core.load("scenes/plain", "cpu"), open_sample("scenes/20")
    before = core.read(model, picture).predicted
    noise = np.zeros((8, 8), np.float32)
    flips = [
        core.read(model, erase(model, picture, noise, 0.4, which="random", fill="gray", seed=seed)).predicted != before
        for seed in range(8)
    ]
    found = MEASURES["random-erasures"].take(
        {"model": "scenes/plain", "sample": "scenes/20", "share": 0.4, "pictures": 8}
    )
    assert found.pictures == 8 and found.value == pytest.approx(np.mean(flips))
