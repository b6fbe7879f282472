"""The table of the benchmark: its means by hand, its interval by a loop, how it goes on, and its command."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr
from torch import nn

import core
from core import scenes
from core.__main__ import main
from core.classifier import Classifier
from core.data.datasets import Dataset, Split
from core.evaluation import benchmark, cases
from core.evaluation.benchmark import BenchmarkRow, open_benchmark
from core.evaluation.cases import Case, find_cases
from core.evaluation.randomization import reinitialize
from core.images import square
from core.scenes.shortcuts import compose
from core.tasks import task
from core.types import InvalidInput, ModelCard, Picture, Stopped
from tests.conftest import CLASSES, SIZE

SOURCES = ("grad-cam", "edges")


@pytest.fixture
def scene_model(tiny: Callable) -> Classifier:
    """A tiny model that says it knows the scenes; it is right about one in ten."""
    card = replace(tiny("cbam").card, slug="scenes/tiny", classes=scenes.OBJECTS, facts={"checksum": "old"})
    return replace(tiny("cbam"), card=card)


@pytest.fixture
def photographs_of_noise(monkeypatch: pytest.MonkeyPatch) -> tuple[Classifier, Dataset]:
    """A model that goes by the mean color, and noise of which two in three are called what it takes them for."""
    draw = np.random.default_rng(2)
    colors = nn.Linear(3, 10, bias=False).requires_grad_(False)
    colors.weight.copy_(torch.tensor(draw.normal(size=(10, 3))))
    module = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), colors)
    card = ModelCard("made/colors", "", "plain", CLASSES, size=SIZE)
    classifier = Classifier(card, module, torch.device("cpu"))
    pixels = (255 * draw.uniform(size=(60, 4, 4, 3)) ** draw.uniform(0, 4, (60, 1, 1, 3))).astype(np.uint8)
    pixels = pixels.repeat(16, 1).repeat(16, 2)
    labels = np.array([core.read(classifier, core.open_image(one)).predicted for one in pixels])
    labels[::3] = (labels[::3] + 1) % 10
    split = Split(labels, pixels.__getitem__)
    data = Dataset("noise", CLASSES, split, split)
    monkeypatch.setattr(cases, "open_dataset", lambda *_: data)
    return classifier, data


# What is asked


def test_scenes_are_measured_with_their_masks(scene_model: Classifier) -> None:
    found = find_cases(scene_model, 3, seed=1)
    seeds, size = scenes.seeds("val", cases.SCENES), scene_model.card.size
    order = iter(np.random.default_rng(1).permutation(len(seeds)))
    for one in found:
        while True:  # those that the model gets wrong are passed over
            scene = scenes.draw(seeds[next(order)], size)
            if core.read(scene_model, core.open_image(scene.pixels)).predicted == scene.label:
                break
        assert np.array_equal(one.picture.pixels, scene.pixels) and one.target == scene.label and one.whole
        assert list(one.masks) == [""] and np.array_equal(one.masks[""], scene.mask)


def test_where_a_tag_reveals_the_class_its_mask_counts_too(scene_model: Classifier) -> None:
    every = cases.scene_cases("scenes-tag", 64, np.random.default_rng(0))
    for one in (next(every), next(every)):
        label, shown = compose(int(one.picture.name.split()[1]), "tag", cases.HOLDS)
        scene = scenes.draw(int(one.picture.name.split()[1]), 64, **shown)
        assert one.target == label == scene.tag and np.array_equal(one.masks["tag-"], scene.tag_mask)
        assert scene.tag_mask.any() and not (scene.tag_mask & scene.mask).any()


def test_a_model_of_a_task_is_measured_by_each_part_of_what_matters(tiny: Callable, tmp_path: Path) -> None:
    card = replace(tiny("cbam").card, slug="tasks-same-row/tiny", classes=(*task("tasks-same-row").classes, "a", "b"))
    model = replace(tiny("cbam"), card=card)
    asked = find_cases(model, 4, seed=0)
    assert len(asked) == 4 and all(core.read(model, one.picture).predicted == one.target for one in asked)
    rows = core.benchmark(model, tmp_path / "benchmark.json", sources=["grad-cam"], pictures=4)
    found = {row.measure: row for row in rows}
    assert {f"{part}{name}" for part in ("", "cue-", "answer-") for name in ("mass", "pointing")} <= set(found)
    for part in ("", "cue-", "answer-"):
        maps = [
            core.localize(core.attribute(model, one.picture, "grad-cam", one.target), one.masks[part]) for one in asked
        ]
        assert found[f"{part}mass"].mean == pytest.approx(np.mean([one.mass for one in maps]), abs=1e-3)
        assert found[f"{part}mass"].chance == pytest.approx(np.mean([one.masks[part].mean() for one in asked]))


def test_each_photograph_is_measured_alone_and_among_three_others(
    photographs_of_noise: tuple[Classifier, Dataset],
) -> None:
    classifier, _data = photographs_of_noise
    found = find_cases(classifier, 19, seed=0)
    whole, tiled = found[:19], found[19:]
    assert all(one.whole and not one.masks for one in whole) and len(tiled) == 19
    assert all(core.read(classifier, one.picture).predicted == one.target for one in whole)
    shown = {square(one.picture, SIZE // 2).tobytes(): one.target for one in whole}
    for one, alone in zip(tiled, whole, strict=True):
        parts = one.picture.pixels.reshape(2, SIZE // 2, 2, SIZE // 2, 3).swapaxes(1, 2).reshape(4, -1)
        asked = parts[one.masks[""].ravel()]
        assert len(asked) == 1 and asked[0].tobytes() == square(alone.picture, SIZE // 2).tobytes()
        assert one.target == alone.target and not one.whole
        assert len({shown[part.tobytes()] for part in parts}) == 4
    assert len({one.masks[""].tobytes() for one in tiled}) == 4  # it is not always the same quadrant


def test_a_picture_without_a_finite_answer_is_passed_over(
    photographs_of_noise: tuple[Classifier, Dataset], monkeypatch: pytest.MonkeyPatch
) -> None:
    classifier, _ = photographs_of_noise
    first, *others = [one.picture for one in find_cases(classifier, 6, seed=0) if one.whole]
    plain, bad = classifier.module.forward, classifier.prepare(first)
    monkeypatch.setattr(
        classifier.module, "forward", lambda x: plain(x) * (float("nan") if torch.equal(x, bad) else 1.0)
    )
    found = [one.picture.sha256 for one in find_cases(classifier, 5, seed=0) if one.whole]
    assert found == [one.sha256 for one in others]


def test_a_model_that_is_never_right_cannot_be_measured(
    photographs_of_noise: tuple[Classifier, Dataset], monkeypatch: pytest.MonkeyPatch
) -> None:
    classifier, data = photographs_of_noise
    wrong = replace(data, validation=Split(data.validation.labels[::3], lambda i: data.validation.read(3 * i)))
    monkeypatch.setattr(cases, "open_dataset", lambda *_: wrong)
    with pytest.raises(InvalidInput, match="classifies fewer than two pictures correctly"):
        find_cases(classifier, 4, seed=0)
    monkeypatch.setattr(cases, "open_dataset", lambda *_: replace(data, classes=("cat", *CLASSES[1:])))
    with pytest.raises(InvalidInput, match="has no class 'cat'"):
        find_cases(classifier, 4, seed=0)


# What is written


def test_the_means_by_hand(scene_model: Classifier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = [scenes.draw(seed, SIZE) for seed in (19, 24, 27)]
    asked = [Case(core.open_image(one.pixels), one.label, {"": one.mask}) for one in drawn]
    monkeypatch.setattr(benchmark, "find_cases", lambda classifier, count, seed, data: asked)
    rows = core.benchmark(scene_model, tmp_path / "benchmark.json", sources=SOURCES, pictures=3, seed=2)
    found = {(row.source, row.measure): row for row in rows}
    measures = ("mass", "pointing", "blank", "deletion", "insertion", "randomized")
    assert list(found) == [(name, measure) for name in SOURCES for measure in measures]
    reinitialized = reinitialize(scene_model, 2)
    expected: dict[str, list[float]] = {name: [] for name in (*measures, "chance")}
    for one in asked:
        models = (scene_model, reinitialized)
        map_, other = (core.attribute(each, one.picture, "grad-cam", one.target) for each in models)
        place, curves = core.localize(map_, one.masks[""]), core.faithfulness(scene_model, one.picture, map_)
        alive, blank = map_.values.any() and other.values.any(), not map_.values.any()
        likeness = spearmanr(map_.values.ravel(), other.values.ravel()).statistic if alive else np.nan
        areas = (np.nan, np.nan) if blank else (curves.map.deletion_area, curves.map.insertion_area)
        numbers = (place.mass, place.pointing, blank, *areas, likeness)
        for name, value in zip(expected, (*numbers, one.masks[""].mean()), strict=True):
            expected[name].append(value)
    for name in measures:
        row = found["grad-cam", name]
        counted = np.array(expected[name])[~np.isnan(expected[name])]  # a map of zeros is neither ranked nor compared
        assert row.mean == pytest.approx(counted.mean(), abs=1e-3) and row.low <= row.mean <= row.high
        chance = pytest.approx(np.mean(expected["chance"])) if name in ("mass", "pointing") else None
        assert row.chance == chance and (row.pictures, row.wanted, row.seed) == (len(counted), 3, 2)
    assert found["grad-cam", "randomized"].pictures < 3
    assert found["edges", "randomized"].mean == pytest.approx(1)
    assert open_benchmark(tmp_path / "benchmark.json") == rows


def test_blank_maps_are_counted_and_compared_with_nothing(scene_model: Classifier, picture: Picture) -> None:
    """A map of zeros in one picture of two, and in both of the model that has reinitialized everything."""
    mask = np.eye(64, dtype=bool)
    asked = [Case(picture, target, {"": mask, "background-": ~mask}) for target in (0, 1)]
    reinitialized = replace(scene_model)

    def made(classifier: Classifier, picture: Picture, target: int, progress: object) -> np.ndarray:
        return np.eye(64) * target * (classifier is scene_model)

    blank, full = (benchmark.measure_case(scene_model, reinitialized, made, one, lambda *_: None) for one in asked)
    for found, expected in ((blank, (0, 0, 0, 0, 1)), (full, (1, 1, 0, 0, 0))):
        shares = ("mass", "pointing", "background-mass", "background-pointing", "blank")
        assert tuple(found[name][0] for name in shares) == expected
        assert found["background-mass"][1] == pytest.approx(63 / 64) and "randomized" not in found
        assert ("deletion" in found) == ("insertion" in found) == (found is full)  # zeros have no order


def test_where_the_background_reveals_the_class_its_mask_counts_too(scene_model: Classifier) -> None:
    one = next(cases.scene_cases("scenes-place", 64, np.random.default_rng(0)))
    assert set(one.masks) == {"", "background-"} and np.array_equal(one.masks["background-"], ~one.masks[""])


def test_photographs_have_a_quadrant_each_of_which_the_center_has_a_quarter(
    photographs_of_noise: tuple[Classifier, Dataset], tmp_path: Path
) -> None:
    classifier, _ = photographs_of_noise
    rows = core.benchmark(classifier, tmp_path / "benchmark.json", sources=["blob"], pictures=19)
    found = {row.measure: row for row in rows}
    assert (
        found["mass"].mean == pytest.approx(0.25) == found["mass"].chance
    )  # the center lies in all four to the same part
    assert found["mass"].pictures == found["deletion"].pictures == 19 and found["deletion"].chance is None


# It goes on


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Whose maps were judged, one entry a picture; the judging itself is made short."""
    seen: list[str] = []

    def judge(classifier: Classifier, reinitialized: object, made: object, case: object, progress: object) -> dict:
        seen.append(made)
        return {"deletion": (len(seen) / 10, None)}

    monkeypatch.setattr(benchmark, "map_source", lambda classifier, name: name)
    monkeypatch.setattr(benchmark, "measure_case", judge)
    return seen


def test_what_is_there_is_not_made_again(scene_model: Classifier, tmp_path: Path, judged: list[str]) -> None:
    path = tmp_path / "benchmark.json"
    first = core.benchmark(scene_model, path, sources=["blob"], pictures=2)
    assert core.benchmark(scene_model, path, sources=["blob"], pictures=2) == first and judged == ["blob"] * 2
    both = core.benchmark(scene_model, path, sources=["blob", "edges"], pictures=2)
    assert judged == ["blob"] * 2 + ["edges"] * 2 and both[:1] == first and len(both) == 2
    other = replace(scene_model, card=replace(scene_model.card, slug="scenes/other"))
    core.benchmark(other, path, sources=["blob"], pictures=2)
    assert [(row.model, row.source) for row in open_benchmark(path)] == [
        ("scenes/tiny", "blob"), ("scenes/tiny", "edges"), ("scenes/other", "blob")
    ]  # fmt: skip
    for again in (
        {"seed": 1},
        {"pictures": 3},
        {"classifier": replace(scene_model, card=replace(scene_model.card, facts={"checksum": "new"}))},
    ):
        count = len(judged)
        core.benchmark(**{"classifier": scene_model, "path": path, "sources": ["blob"], "pictures": 2, **again})
        assert len(judged) > count  # another seed, another number, other weights: measured again, in place of the old
        assert sum((row.model, row.source) == ("scenes/tiny", "blob") for row in open_benchmark(path)) == 1


def test_a_benchmark_that_was_stopped_goes_on(scene_model: Classifier, tmp_path: Path, judged: list[str]) -> None:
    path, calls = tmp_path / "benchmark.json", []

    def stop(done: int, total: int) -> None:
        calls.append((done, total))
        if done == 3:
            raise Stopped("enough")

    with pytest.raises(Stopped):
        core.benchmark(scene_model, path, sources=["blob", "edges"], pictures=2, progress=stop)
    assert calls == [(1, 4), (2, 4), (3, 4)] and [row.source for row in open_benchmark(path)] == ["blob"]
    core.benchmark(scene_model, path, sources=["blob", "edges"], pictures=2)
    assert judged == ["blob"] * 2 + ["edges"] * 3 and len(open_benchmark(path)) == 2
    assert [one.name for one in tmp_path.iterdir()] == ["benchmark.json"]


# Mistakes, and the command


def test_mistakes(scene_model: Classifier, tmp_path: Path) -> None:
    broken = tmp_path / "broken.json"
    for text in ('{"a": 1}', "[{}]", "none"):
        broken.write_text(text)
        with pytest.raises(InvalidInput, match="broken.json is not a benchmark table"):
            open_benchmark(broken)
    for words, wrong in (
        ("has no source 'attention/stage9'. Choose from: saliency", {"sources": ["attention/stage9"]}),
        ("Give at least two pictures", {"pictures": 1}),
        ("cannot be written", {"path": tmp_path / "nowhere" / "benchmark.json", "sources": ["blob"], "pictures": 2}),
    ):
        with pytest.raises(InvalidInput, match=words):
            core.benchmark(**{"classifier": scene_model, "path": tmp_path / "benchmark.json", **wrong})
    assert open_benchmark(tmp_path / "none.json") == ()


@pytest.mark.usefixtures("judged")
def test_the_command_writes_the_file_that_it_prints(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    path = tmp_path / "benchmark.json"
    words = ["benchmark", "scenes/cbam", "--sources", "blob", "edges", "--pictures", "2", "--out", str(path)]
    assert main([*words, "--device", "cpu", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [asdict(row) for row in open_benchmark(path)] == rows
    assert [row["source"] for row in rows] == ["blob", "edges"]
    assert BenchmarkRow(**rows[0]).checksum == core.load("scenes/cbam", "cpu").card.facts["checksum"]
    assert main([*words, "--device", "cpu"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3 and lines[1].split()[:3] == ["scenes/cbam", "blob", "deletion"] and "0.150" in lines[1]
    assert main(["benchmark", "scenes/cbam", "--sources", "magic", "--out", str(path)]) == 2
    assert "has no source 'magic'" in capsys.readouterr().err
