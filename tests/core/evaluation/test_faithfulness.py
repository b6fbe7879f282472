"""Deletion and insertion curves: by hand, for a model that sees one cell alone, and by loops for others."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import core
from core.attribution.baseline import absent
from core.classifier import Classifier
from core.evaluation.sources import REFERENCES
from core.types import Attribution, InvalidInput, ModelCard, Picture, Stopped
from tests.conftest import SIZE

CELL = SIZE // 16


class Needle(nn.Module):
    """Class 0 where the middle of one cell of 16 × 16 is white, else class 1; nothing in between."""

    def __init__(self, row: int, column: int):
        super().__init__()
        self.place = (slice(None), slice(None), CELL * row + CELL // 2, CELL * column + CELL // 2)
        self.unused = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        seen = x[self.place].mean(1) > 2
        return torch.stack([200.0 * seen, 200.0 * ~seen], 1)


@pytest.fixture
def needle() -> tuple[Classifier, Picture]:
    """The model, and a dark picture with one white cell."""
    pixels = np.zeros((SIZE, SIZE, 3), np.uint8)
    pixels[5 * CELL : 6 * CELL, 9 * CELL : 10 * CELL] = 255
    card = ModelCard("made/needle", "", "plain", ("needle", "hay"), size=SIZE)
    return Classifier(card, Needle(5, 9).requires_grad_(False), torch.device("cpu")), core.open_image(pixels)


@pytest.mark.parametrize("place", [0, 1, 17, 255])
def test_the_areas_of_a_step_are_exact(needle: tuple[Classifier, Picture], place: int) -> None:
    """A map that gives the needle's cell the rank ``place``: the answer falls, or rises, between two of 256 steps."""
    classifier, picture = needle
    order = np.delete(np.arange(256), 5 * 16 + 9)
    order = np.insert(order, place, 5 * 16 + 9)
    map_ = np.empty(256)
    map_[order] = -np.arange(256)
    found = core.faithfulness(classifier, picture, map_.reshape(16, 16), "needle", steps=256)
    assert found.shares.tolist() == [step / 256 for step in range(257)]
    assert found.map.deletion.tolist() == [1.0] * (place + 1) + [0.0] * (256 - place)
    assert found.map.insertion.tolist() == [0.0] * (place + 1) + [1.0] * (256 - place)
    assert found.map.deletion_area == pytest.approx((place + 0.5) / 256, abs=1e-12)
    assert found.map.insertion_area == pytest.approx(1 - (place + 0.5) / 256, abs=1e-12)
    assert found.map.gain == pytest.approx(1 - (2 * place + 1) / 256, abs=1e-12)


def test_steps_that_do_not_match_the_cells_are_measured_at_their_shares(needle: tuple[Classifier, Picture]) -> None:
    classifier, picture = needle
    map_ = np.zeros((16, 16))
    map_[5, 9] = 1
    found = core.faithfulness(classifier, picture, map_, 0, steps=3)
    np.testing.assert_allclose(found.shares, [0, 85 / 256, 171 / 256, 1])
    assert found.map.deletion.tolist() == [1, 0, 0, 0] and found.map.deletion_area == pytest.approx(85 / 512)
    one = core.faithfulness(classifier, picture, map_, 0, steps=1)
    assert one.map.deletion.tolist() == [1, 0] and one.map.deletion_area == 0.5


@pytest.mark.parametrize("slug", ["cbam", "transformer"])
def test_curves_against_loops(tiny: Callable, picture: Picture, slug: str) -> None:
    classifier = tiny(slug)
    map_ = np.random.default_rng(3).normal(size=(16, 16))
    found = core.faithfulness(classifier, picture, map_, "elm", steps=8)
    x = classifier.prepare(picture)
    blurred = absent(classifier, x, "blurred")
    for step in range(9):
        deleted, inserted = x.clone(), blurred.clone()
        for cell in np.argsort(-map_.ravel())[: 32 * step]:
            rows, columns = (slice(CELL * i, CELL * i + CELL) for i in divmod(int(cell), 16))
            deleted[:, :, rows, columns] = 0
            inserted[:, :, rows, columns] = x[:, :, rows, columns]
        with torch.no_grad():
            expected = classifier.module(torch.cat([deleted, inserted])).softmax(1)[:, 3]
        assert found.map.deletion[step] == pytest.approx(expected[0].item(), abs=1e-5)
        assert found.map.insertion[step] == pytest.approx(expected[1].item(), abs=1e-5)
    for curve, area in (("deletion", "deletion_area"), ("insertion", "insertion_area")):
        heights = getattr(found.map, curve)
        mean = sum((float(a) + float(b)) / 2 for a, b in pairwise(heights)) / 8
        assert getattr(found.map, area) == pytest.approx(mean, abs=1e-6)


def test_everything_deleted_is_the_baseline_and_everything_inserted_the_picture(
    classifier: Classifier, picture: Picture
) -> None:
    found = core.faithfulness(classifier, picture, np.eye(5), "fir", steps=4)
    with torch.no_grad():
        empty = classifier.module(torch.zeros(1, 3, SIZE, SIZE)).softmax(1)[0, 4].item()
    own = core.read(classifier, picture).probabilities[4]
    for curves in (found.map, found.random, found.blob, found.edges):
        assert curves.deletion[0] == curves.insertion[-1] == pytest.approx(own, abs=1e-5)
        assert curves.deletion[-1] == pytest.approx(empty, abs=1e-5)
        assert curves.insertion[0] == found.map.insertion[0]


def test_the_references_are_maps_like_any_other(tiny: Callable, picture: Picture) -> None:
    classifier = tiny("plain")
    whole = core.faithfulness(classifier, picture, np.eye(16), 2, steps=4)
    for name, reference in REFERENCES.items():
        alone = core.faithfulness(classifier, picture, reference(classifier, picture, 2, None), 2, steps=4)
        np.testing.assert_allclose(getattr(whole, name).deletion, alone.map.deletion, atol=1e-6)
        assert getattr(whole, name).insertion_area == pytest.approx(alone.map.insertion_area, abs=1e-6)


def test_the_target_is_the_attributions_else_the_predicted_class(tiny: Callable, picture: Picture) -> None:
    classifier, map_ = tiny("plain"), np.eye(16, dtype=np.float32)
    predicted = core.read(classifier, picture).predicted
    assert core.faithfulness(classifier, picture, map_, steps=1).target == predicted
    made = Attribution(map_, (16, 16), None, "saliency", (predicted + 1) % 10)
    assert core.faithfulness(classifier, picture, made, steps=1).target == made.target
    assert core.faithfulness(classifier, picture, made, "ash", steps=1).target == 0


def test_it_counts_its_pictures_and_ends_when_stopped(tiny: Callable, picture: Picture) -> None:
    classifier, calls, seen = tiny("plain"), [], []
    core.faithfulness(classifier, picture, np.eye(16), steps=4, progress=lambda *call: calls.append(call))
    done, totals = zip(*calls, strict=True)
    assert list(done) == sorted(set(done)) and done[-1] == totals[-1] == 3 + 4 * 2 * 3 and len(set(totals)) == 1

    def stop(done: int, total: int) -> None:
        seen.append(done)
        raise Stopped("enough")

    with pytest.raises(Stopped):
        core.faithfulness(classifier, picture, np.eye(16), progress=stop)
    assert len(seen) == 1


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        ("steps must be a whole number from 1 to 256, not 0", {"steps": 0}),
        ("steps must be a whole number from 1 to 256, not 257", {"steps": 257}),
        ("steps must be a whole number from 1 to 256, not 2.5", {"steps": 2.5}),
        ("has no class 'cat'", {"target": "cat"}),
        ("takes a Picture", {"picture": "photo.jpg"}),
        ("shape (h, w) without NaN", {"map_": np.zeros((2, 3, 4))}),
    ],
)
def test_mistakes(tiny: Callable, picture: Picture, words: str, wrong: dict) -> None:
    with pytest.raises(InvalidInput) as caught:
        core.faithfulness(**{"classifier": tiny("plain"), "picture": picture, "map_": np.eye(16), **wrong})
    assert words in str(caught.value) and str(caught.value).endswith(".")
