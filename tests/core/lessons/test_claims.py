"""What a lesson claims is measured as it says: each measure once more by hand, and what is kept of it."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import spearmanr

import core
from core.data import open_sample, swaps
from core.data.datasets import open_dataset
from core.evaluation.accuracy import STEERS
from core.evaluation.cases import find_cases
from core.lessons import MEASURES, SHIPPED, Bound, Claim, Kept, Measured, measure, read_lesson, store, stored
from core.lessons.measures import mean, share
from tests.core.lessons.small_lesson import TOML, WORDS

MODEL = "tasks-marked/attention-pooling"
FEW = {"model": MODEL, "pictures": 4}


@pytest.fixture(scope="module")
def classifier() -> core.Classifier:
    return core.load(MODEL, "cpu")


def test_the_standard_errors_are_those_of_the_books() -> None:
    found = share([True, True, True, False])
    assert (found.value, found.pictures) == (0.75, 4) and found.error == pytest.approx((0.75 * 0.25 / 4) ** 0.5)
    found = mean([1.0, 2.0, 6.0])
    assert found.value == 3.0 and found.error == pytest.approx(np.std([1, 2, 6], ddof=1) / 3**0.5)


def test_accuracy_and_the_effect_of_the_attention(classifier) -> None:
    split, changes = open_dataset("tasks-marked").validation, dict.fromkeys(classifier.taps, core.UNIFORM)
    pictures = [core.open_image(split.read(i)) for i in range(4)]
    own = [core.read(classifier, one).predicted == split.labels[i] for i, one in enumerate(pictures)]
    even = [core.intervene(classifier, one, changes).predicted == split.labels[i] for i, one in enumerate(pictures)]
    assert MEASURES["accuracy"].take(FEW).value == np.mean(own)
    assert MEASURES["accuracy"].take(FEW | {"way": "uniform"}).value == np.mean(even)
    cases = find_cases(classifier, 4, 0)
    flips = [core.intervene(classifier, one.picture, changes).predicted != one.target for one in cases]
    assert MEASURES["flip-rate"].take(FEW | {"way": "uniform"}).value == np.mean(flips)


def test_whether_the_prediction_follows_the_cue(classifier) -> None:
    hits = []
    for seed in range(4):
        other = next(one for one in swaps(f"tasks-marked/{seed}") if one.slug != f"tasks-marked/{seed}")
        found = core.read(classifier, open_sample(other.slug)).predicted
        hits.append(classifier.card.classes[found] == other.answer)
    assert MEASURES["follows-cue"].take(FEW).value == np.mean(hits)


def test_the_share_of_the_attention_on_the_answer(classifier) -> None:
    values = []
    for case in find_cases(classifier, 4, 0):
        weights, mask = core.read(classifier, case.picture).maps[-1].weights, case.masks["answer-"]
        fine = np.kron(weights, np.ones((16, 16))) / 256  # each cell is 16 × 16 pixels
        values.append((fine * mask).sum() / fine.sum())
    found = MEASURES["attention-share"].take(FEW | {"role": "answer"})
    assert found.value == pytest.approx(np.mean(values), abs=1e-5)
    assert found.error == pytest.approx(np.std(values, ddof=1) / 2, abs=1e-5)


def test_how_similar_the_maps_of_two_classes_are(classifier) -> None:
    values = []
    for case in find_cases(classifier, 4, 0):
        first, second = core.read(classifier, case.picture).probabilities.argsort()[::-1][:2]
        maps = [core.attribute(classifier, case.picture, "saliency", target=int(one)).values for one in (first, second)]
        values.append(spearmanr(maps[0].ravel(), maps[1].ravel()).statistic)
    assert MEASURES["class-likeness"].take(FEW | {"method": "saliency"}).value == pytest.approx(
        np.mean(values), abs=1e-6
    )


def test_a_prediction_and_how_it_changes(classifier) -> None:
    asked = {"model": MODEL, "sample": "tasks-marked/6"}
    picture = open_sample("tasks-marked/6")
    assert MEASURES["prediction"].take(asked).value == classifier.card.classes[core.read(classifier, picture).predicted]
    off = core.intervene(classifier, picture, dict.fromkeys(classifier.taps, STEERS["off"]))
    assert MEASURES["prediction"].take(asked | {"way": "off"}).value == classifier.card.classes[off.predicted]


@pytest.mark.parametrize(
    ("bound", "value", "error", "holds", "clearly"),
    [
        ("<= 0.5", 0.4, 0.01, True, True),
        ("<= 0.5", 0.49, 0.01, True, False),
        (">= 0.5", 0.4, 0.01, False, False),
        (">= 0.5", 0.6, 0.03, True, True),
        ("== house", "house", 0.0, True, True),
        ("== house", "bird", 0.0, False, False),
    ],
)
def test_a_bound_is_kept_with_a_margin(bound: str, value, error: float, holds: bool, clearly: bool) -> None:
    parsed = Bound.parse(bound)
    assert parsed is not None
    kept = Kept(Claim("x", "accuracy", {}, parsed), Measured(value, error, 100), "")
    assert (kept.holds, kept.clearly) == (holds, clearly)
    assert Bound.parse("about 0.5") is None and Bound.parse(3) is None


def test_what_was_measured_is_kept_until_the_model_changes(tmp_path: Path) -> None:
    folder = tmp_path / "small"
    folder.mkdir()
    (folder / "lesson.toml").write_text(TOML.replace("pictures = 100", "pictures = 4"), "utf-8")
    (folder / "en.md").write_text(WORDS, "utf-8")
    lesson = read_lesson(folder)
    assert stored(lesson) == {}
    found = measure(lesson)
    store(lesson, found)
    assert stored(lesson) == found and found["right"].measured.pictures == 4
    data = json.loads((folder / "claims.json").read_text())
    data["right"]["model"] = "of another training"
    (folder / "claims.json").write_text(json.dumps(data))
    assert stored(lesson) == {}
    (folder / "claims.json").write_text("[1")
    assert stored(lesson) == {}
    shutil.rmtree(folder)
    wrong = replace(lesson.claims[0], settings={"model": "scenes/cbam", "way": "sideways"})
    with pytest.raises(core.InvalidInput, match="right of the lesson small cannot be measured"):
        measure(replace(lesson, claims=(replace(wrong, measure="flip-rate"),)))


@pytest.mark.parametrize("name", [one.name for one in SHIPPED.iterdir() if one.is_dir()])
def test_every_claim_of_a_shipped_lesson_was_measured_on_the_shipped_model_and_holds(name: str) -> None:
    lesson = read_lesson(SHIPPED / name)
    found = stored(lesson)
    for claim in lesson.claims:
        assert claim.name in found, f"{claim.name}: measure it again by `python -m core lessons --measure`"
        assert found[claim.name].clearly, claim.name


@pytest.mark.slow
@pytest.mark.parametrize("name", [one.name for one in SHIPPED.iterdir() if one.is_dir()])
def test_the_claims_of_a_shipped_lesson_can_be_measured_again(name: str) -> None:
    lesson = read_lesson(SHIPPED / name)
    kept, again = stored(lesson), measure(lesson)
    for claim in lesson.claims:
        value, other = kept[claim.name].measured.value, again[claim.name].measured.value
        assert value == other if isinstance(value, str) else value == pytest.approx(other, abs=0.01), claim.name
