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
from core.data.samples import task_layout
from core.evaluation.accuracy import STEERS
from core.evaluation.agreement import agreement
from core.evaluation.cases import find_cases
from core.evaluation.erasure import erase
from core.lessons import (
    MEASURES,
    SHIPPED,
    Bound,
    Claim,
    Kept,
    Lesson,
    Measured,
    comparisons,
    measure,
    read_lesson,
    store,
    stored,
)
from core.lessons.claims import checksums
from core.lessons.margins import ends, share_ends
from core.lessons.measuring.altered_pictures import without_positions
from core.lessons.measuring.measures import mean, share
from core.models.zoo import PRETRAINED
from core.tasks import draw
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


def test_how_similar_two_maps_of_a_picture_are(classifier) -> None:
    values = []
    for case in find_cases(classifier, 4, 0):
        reading = core.read(classifier, case.picture)
        cam = core.attribute(classifier, case.picture, "grad-cam", target=case.target)
        values.append(agreement(reading.maps[-1], cam).rank_correlation.value)
    chosen = {"map": f"attention/{[*classifier.taps][-1]}", "other": "grad-cam"}
    assert MEASURES["map-correlation"].take(FEW | chosen).value == pytest.approx(np.mean(values), abs=1e-6)
    assert MEASURES["map-correlation"].take(FEW | {"map": "blob", "other": "blob"}).value == pytest.approx(1)


def test_a_prediction_and_how_it_changes(classifier) -> None:
    asked = {"model": MODEL, "sample": "tasks-marked/6"}
    picture = open_sample("tasks-marked/6")
    assert MEASURES["prediction"].take(asked).value == classifier.card.classes[core.read(classifier, picture).predicted]
    off = core.intervene(classifier, picture, dict.fromkeys(classifier.taps, STEERS["off"]))
    assert MEASURES["prediction"].take(asked | {"way": "off"}).value == classifier.card.classes[off.predicted]


@pytest.mark.parametrize(
    ("bound", "value", "error", "holds", "clearly"),
    [
        ("<= 0.5", 0.3, 0.046, True, True),
        ("<= 0.5", 0.45, 0.05, True, False),
        (">= 0.5", 0.4, 0.05, False, False),
        (">= 0.5", 0.7, 0.046, True, True),
        ("<= 0.1", 0.0, 0.0, True, True),
        ("<= 0.05", 0.0, 0.0, True, False),
        (">= 0.95", 1.0, 0.0, True, False),
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


@pytest.mark.parametrize(("hits", "pictures"), [(0, 40), (40, 40), (13, 40), (1, 200), (5, 10)])
def test_the_interval_of_a_share_has_the_shares_that_are_three_errors_away(hits: int, pictures: int) -> None:
    low, high = share_ends(hits / pictures, pictures)
    for end in (low, high):
        assert abs(hits / pictures - end) == pytest.approx(3 * (end * (1 - end) / pictures) ** 0.5, abs=1e-9)
    assert (low < hits / pictures) == (hits > 0) and (high > hits / pictures) == (hits < pictures)
    assert ends(hits / pictures, 0.0, pictures, share=True) == (low, high), "an error of 0 is no margin"
    wide = ends(hits / pictures, 0.3, pictures, share=True)
    assert wide == pytest.approx((hits / pictures - 0.9, hits / pictures + 0.9)), "between seeds it may be larger"
    assert ends(0.5, 0.1, pictures, share=False) == pytest.approx((0.2, 0.8))


def test_a_claim_lies_above_another_if_the_interval_of_the_difference_does(tmp_path: Path) -> None:
    bound = Bound(">=", 0.0)
    larger, smaller = Claim("a", "flip-rate", {}, bound, above=("b",)), Claim("b", "flip-rate", {}, bound)
    lesson = Lesson("x", tmp_path, 1, 1, (), "", "", (), (larger, smaller), {})

    def compare(one: float, other: float, pictures: int):
        values = {
            claim.name: Kept(claim, share_of(part, pictures), "") for claim, part in ((larger, one), (smaller, other))
        }
        [found] = comparisons(lesson, values)
        return found

    found = compare(0.375, 0.2, 40)
    assert found.difference == pytest.approx(0.175) and found.least < 0
    found = compare(0.475, 0.16, 200)
    low, high = share_ends(0.475, 200)[0], share_ends(0.16, 200)[1]
    assert found.least == pytest.approx(0.315 - ((0.475 - low) ** 2 + (high - 0.16) ** 2) ** 0.5) and found.least > 0
    assert compare(0.0, 0.0, 40).least < 0 and not list(comparisons(lesson, {}))


def share_of(part: float, pictures: int) -> Measured:
    return Measured(part, (part * (1 - part) / pictures) ** 0.5, pictures)


def test_whether_a_prediction_stays(classifier) -> None:
    asked = {"model": MODEL, "sample": "tasks-marked/9"}
    own = core.read(classifier, open_sample("tasks-marked/9")).predicted
    other = swaps("tasks-marked/9")[1].slug
    for change, found in (
        ({"way": "uniform"}, core.intervene(classifier, open_sample("tasks-marked/9"), {"pool": core.UNIFORM})),
        ({"to": other}, core.read(classifier, open_sample(other))),
        ({"to": "tasks-marked/9"}, core.read(classifier, open_sample("tasks-marked/9"))),
    ):
        assert MEASURES["reaction"].take(asked | change).value == ("stays" if found.predicted == own else "changes")
    plain = core.load("scenes/plain", "cpu")
    for sample in ("scenes/31", "scenes/36"):
        picture = open_sample(sample)
        map_ = core.attribute(plain, picture, "grad-cam")
        after = core.read(plain, erase(plain, picture, map_, 0.25)).predicted
        found = MEASURES["reaction"].take({"model": "scenes/plain", "sample": sample, "map": "grad-cam", "share": 0.25})
        assert found.value == ("stays" if after == core.read(plain, picture).predicted else "changes")
    tokens = core.load("scenes/transformer", "cpu")
    before, after = (core.read(one, open_sample("scenes/31")).predicted for one in (tokens, without_positions(tokens)))
    altered = {"model": "scenes/transformer", "sample": "scenes/31", "alter": "without-positions"}
    assert MEASURES["reaction"].take(altered).value == ("stays" if before == after else "changes")
    for wrong in ({}, {"alter": "independent"}):
        with pytest.raises(core.InvalidInput, match="exactly one of these"):
            MEASURES["reaction"].take(asked | wrong)


def test_how_many_mechanisms_solve_a_task() -> None:
    found = {
        path.stem: json.loads(path.read_text())["accuracy"] for path in (PRETRAINED / "tasks-same-row").glob("*.json")
    }
    found.pop("plain")
    measured = MEASURES["solved"].take({"model": "tasks-same-row/plain"})
    assert measured == Measured(sum(one >= 0.9 for one in found.values()) / len(found), 0.0, len(found))
    claim = Claim("x", "solved", {"model": "tasks-same-row/plain"}, Bound("<=", 1.0))
    assert len(checksums([claim])["x"].split()) == len(found) + 1, "it depends on each of the models"


def test_how_far_a_gate_is_open_on_the_object_and_elsewhere() -> None:
    name, inside, outside = "tasks-marked/spatial-gate", [], []
    model = core.load(name, "cpu")
    for case in find_cases(model, 3, 0):
        [found] = core.read(model, case.picture).maps
        fine = np.kron(found.weights.squeeze(), np.ones((128 // found.grid[0],) * 2))
        inside.append(fine[case.masks["answer-"]].mean())
        outside.append(fine[~case.masks[""]].mean())
    few = {"model": name, "pictures": 3, "tap": found.tap}
    assert MEASURES["gate-level"].take(few | {"role": "answer"}).value == pytest.approx(np.mean(inside), abs=1e-5)
    assert MEASURES["gate-level"].take(few | {"role": "elsewhere"}).value == pytest.approx(np.mean(outside), abs=1e-5)
    least = [core.read(model, case.picture).maps[0].weights.min() for case in find_cases(model, 3, 0)]
    assert MEASURES["gate-level"].take(few | {"role": "lowest"}).value == pytest.approx(np.mean(least), abs=1e-5)
    whole = MEASURES["gate-level"].take(few | {"role": "everywhere"}).value
    assert min(np.mean(outside), np.mean(inside)) < whole < max(np.mean(outside), np.mean(inside))


def test_how_a_glimpse_moves_to_the_object_that_counts_with_another_cue() -> None:
    name, moved = "tasks-sun-or-moon/recurrent", []
    model = core.load(name, "cpu")
    for seed in range(3):
        other = swaps(f"tasks-sun-or-moon/{seed}")[1].slug
        mask = draw(task_layout(other), 128).masks["answer"]
        shares = []
        for slug in (f"tasks-sun-or-moon/{seed}", other):
            fine = np.kron(core.read(model, open_sample(slug)).maps[0].weights[3], np.ones((16, 16)))
            shares.append((fine * mask).sum() / fine.sum())
        moved.append(shares[1] - shares[0])
    found = MEASURES["attention-moves"].take({"model": name, "pictures": 3, "part": "4"})
    assert found.value == pytest.approx(np.mean(moved), abs=1e-5)


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
    assert [*stored(lesson)] == ["new"]
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
    assert [one for one in lesson.claims for _ in one.above] == [one.larger.claim for one in comparisons(lesson, found)]
    for one in comparisons(lesson, found):
        assert one.least > 0, f"{one.larger.claim.name} > {one.smaller.claim.name}"


@pytest.mark.slow
@pytest.mark.parametrize("name", [one.name for one in SHIPPED.iterdir() if one.is_dir()])
def test_the_claims_of_a_shipped_lesson_can_be_measured_again(name: str) -> None:
    lesson = read_lesson(SHIPPED / name)
    kept, again = stored(lesson), measure(lesson)
    for claim in lesson.claims:
        value, other = kept[claim.name].measured.value, again[claim.name].measured.value
        assert value == other if isinstance(value, str) else value == pytest.approx(other, abs=0.01), claim.name
