"""Models and pictures without a finite answer: one sentence, and in a scan they are reported and count nowhere."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from torch import Tensor, nn

import core
from core.__main__ import main
from core.attribution import METHODS
from core.data.datasets import Split
from core.evaluation.accuracy import evaluate
from core.evaluation.summary import accuracy_of, by_class, calibration_of, confusion_of
from core.files import to_json
from core.reporting.archive import to_csv, to_parquet, to_zip
from core.reporting.facts import gather
from tests.core.fragile_models import CLASSES, SIZE, Fragile, fill, picture
from tests.core.small_runs import fresh, learn, made_data


@pytest.fixture
def fragile() -> core.Classifier:
    return core.adopt(Fragile(), core.ModelCard("own/fragile", "", "plain", CLASSES, size=SIZE), "cpu")


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_each_question_about_such_a_picture_is_one_sentence(value: float) -> None:
    classifier = core.adopt(Fragile(value), core.ModelCard("own/f", "", "plain", CLASSES, size=SIZE), "cpu")
    shown, map_ = picture(0, bright=True), np.random.default_rng(0).random((4, 4))
    fine = core.attribute(classifier, picture(), "saliency")
    questions: dict[str, Callable[[], object]] = {
        "read": lambda: core.read(classifier, shown),
        "panel": lambda: core.panel(classifier, shown),
        "intervene": lambda: core.intervene(classifier, shown, {}),
        "faithfulness": lambda: core.faithfulness(classifier, shown, map_, steps=2),
        "faithfulness of a class": lambda: core.faithfulness(classifier, shown, map_, 1, steps=2),
        "check": lambda: core.check(classifier, shown, fine),
        "randomize": lambda: core.randomize(classifier, shown, "saliency"),
        "ablate": lambda: core.ablate(classifier, shown),
    }
    for one in METHODS:
        if one.fits(classifier):
            questions[one.slug] = lambda slug=one.slug: core.attribute(classifier, shown, slug)
            questions[f"{one.slug} of a class"] = lambda slug=one.slug: core.attribute(classifier, shown, slug, 1)
    for name, ask in questions.items():
        with pytest.raises(core.InvalidInput, match="finite"):
            ask()
            pytest.fail(name)
    core.read(classifier, picture())  # and nothing is left of it


def test_a_picture_that_only_a_method_makes_may_have_no_answer_either() -> None:
    class Standardized(nn.Module):
        """Each picture less its mean over its deviation, which is 0/0 of an even one, as a deleted picture is."""

        def __init__(self):
            super().__init__()
            self.net = Fragile(0.0)

        def forward(self, x: Tensor) -> Tensor:
            return self.net((x - x.mean((1, 2, 3), True)) / x.std((1, 2, 3), keepdim=True))

    half = (0.5, 0.5, 0.5)
    card = core.ModelCard("own/s", "", "plain", CLASSES, size=SIZE, mean=half, std=half)
    classifier = core.adopt(Standardized(), card, "cpu")
    assert np.isfinite(core.read(classifier, picture()).probabilities).all()
    assert np.isfinite(core.attribute(classifier, picture(), "saliency").values).all()
    for ask in (
        lambda: core.faithfulness(classifier, picture(), np.eye(4), steps=2),
        lambda: core.attribute(classifier, picture(), "integrated-gradients", steps=10),
        lambda: core.read(classifier, core.open_image(np.zeros((SIZE, SIZE, 3), np.uint8))),
    ):
        with pytest.raises(core.InvalidInput, match="finite"):
            ask()


def test_a_map_beyond_single_precision_is_a_sentence() -> None:
    module = Fragile()
    module.head.weight.data.mul_(1e25)
    classifier = core.adopt(module, core.ModelCard("own/x", "", "plain", CLASSES, size=SIZE), "cpu")
    assert np.isfinite(core.read(classifier, picture()).logits).all()
    with pytest.raises(core.InvalidInput, match="map of dark.png is not finite"):
        core.attribute(classifier, picture(), "vargrad", samples=5)  # squares


def test_in_a_scan_they_count_nowhere_and_are_reported(fragile: core.Classifier, tmp_path: Path) -> None:
    bright = {("a", 1), ("b", 0), ("b", 3)}
    data = fill(tmp_path / "data", bright)
    table = core.scan(fragile, data, tmp_path / "run")
    run = core.open_run(tmp_path / "run")
    assert run.finished and len(table) == 9 and table["confidence"].between(0, 1).all()
    left = run.unanswered()
    assert left["path"].tolist() == ["a/1.png", "b/0.png", "b/3.png"] and left["label"].tolist() == ["a", "b", "b"]
    assert set(left["reason"]) == {"the model's answer was not finite"} and not len(run.broken())

    # Each number is the one of a scan that never saw them.
    (tmp_path / "others").mkdir()
    others = fill(tmp_path / "others" / "data", bright)
    for name, n in bright:
        (others / name / f"{n}.png").unlink()
    same = core.scan(fragile, others, tmp_path / "other-run")
    assert table["path"].tolist() == same["path"].tolist()
    assert accuracy_of(table) == accuracy_of(same) and calibration_of(table).error == pytest.approx(
        calibration_of(same).error
    )
    assert np.array_equal(confusion_of(table, CLASSES), confusion_of(same, CLASSES))
    pd.testing.assert_frame_equal(by_class(table, CLASSES), by_class(same, CLASSES))
    for name in ("cam", "features", "probabilities", "top"):
        np.testing.assert_allclose(run.array(name), core.open_run(tmp_path / "other-run").array(name), atol=1e-3)

    found = core.report(run)
    assert [one["path"] for one in found.facts["unanswered"]] == left["path"].tolist()
    assert "The model&#x27;s output is not finite, so these are not counted: 3 pictures." in found.html
    json.dumps(found.facts, allow_nan=False)
    with pytest.raises(core.InvalidInput, match="no prediction for picture 1"):
        run.picture(1)
    assert to_zip(run, table["number"].tolist(), ("cam",))


def test_exports_say_so(fragile: core.Classifier, tmp_path: Path) -> None:
    table = core.scan(fragile, fill(tmp_path / "data", {("a", 1)}), tmp_path / "run")
    run = core.open_run(tmp_path / "run")
    for read in (
        pd.read_csv(io.BytesIO(to_csv(table, {0: ["x"]}, run.unanswered()))),
        pd.read_parquet(io.BytesIO(to_parquet(table, {0: ["x"]}, run.unanswered()))),
    ):
        assert len(read) == 12 and read["number"].tolist() == list(range(12)) and list(read)[-1] == "tags"
        one = read.iloc[1]
        assert one["path"] == "a/1.png" and one["label"] == "a" and one["note"] == "the model's answer was not finite"
        assert pd.isna(one[["true", "predicted", "confidence", "correct", "loss"]]).all()
        assert read["note"].notna().sum() == 1 and read["confidence"].dropna().between(0, 1).all()
    assert "note" not in pd.read_csv(io.BytesIO(to_csv(table, {}, run.unanswered().iloc[:0])))


def test_where_no_picture_has_an_answer_there_is_no_accuracy(
    fragile: core.Classifier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data = fill(tmp_path / "data", {(name, n) for name in CLASSES for n in range(4)})
    with pytest.raises(core.InvalidInput, match="not finite for any of 12 pictures"):
        core.scan(fragile, data, tmp_path / "run")
    run = core.open_run(tmp_path / "run")
    assert run.finished and not len(run.table()) and len(run.unanswered()) == 12
    facts = gather(run, run.table(), [], {}, {})
    assert facts["accuracy"] is None and facts["calibration"] is None
    assert "No picture has a finite output, so there is no accuracy." in core.report(run).html
    with pytest.raises(core.InvalidInput, match="not finite for any of 12"):  # going on finds nothing either
        core.scan(fragile, data, tmp_path / "run")
    monkeypatch.setattr(core, "load", lambda *_: fragile)
    arguments = ["scan", "--data", str(data), "--out", str(tmp_path / "run"), "--json"]
    assert main(arguments) == 2 and "is not finite for any of 12" in capsys.readouterr().err


def test_the_command_tells_of_them(
    fragile: core.Classifier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data = fill(tmp_path / "data", {("a", 1)})
    monkeypatch.setattr(core, "load", lambda *_: fragile)
    arguments = ["scan", "--data", str(data), "--out", str(tmp_path / "run")]
    assert main(arguments) == 0
    out = capsys.readouterr().out
    assert "1 picture: the model's output was not finite; not counted" in out and "not finite: a/1.png" in out
    assert "11 pictures" in out and "nan" not in out
    assert main([*arguments, "--json"]) == 0
    said = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    assert said["pictures"] == said["labeled"] == 11
    assert said["unanswered"] == [{"path": "a/1.png", "reason": "the model's answer was not finite"}]


def test_a_run_of_an_older_version_with_such_rows(fragile: core.Classifier, tmp_path: Path) -> None:
    table = core.scan(fragile, fill(tmp_path / "data", set()), tmp_path / "run")
    (part,) = (tmp_path / "run").glob("part-*")
    rows = pq.read_table(part)
    sure = pa.array([None if n == 2 else one for n, one in enumerate(rows["confidence"].to_pylist())], pa.float32())
    pq.write_table(rows.set_column(rows.schema.get_field_index("confidence"), "confidence", sure), part)
    run = core.open_run(tmp_path / "run")
    assert run.unanswered()["path"].tolist() == ["a/2.png"]
    assert run.table()["path"].tolist() == [one for one in table["path"] if one != "a/2.png"]
    assert len(run.array("cam")) == 11


def test_training_that_comes_to_no_numbers_ends_with_a_sentence(tmp_path: Path) -> None:
    lines: list[dict] = []
    module = fresh("plain")

    def batches(loader: Iterator, epoch: int) -> Iterator:
        if epoch == 1:
            module.classify.bias.data[0] = torch.nan  # whatever brought it there
        return loader

    with pytest.raises(
        core.InvalidInput,
        match="diverged in epoch 2 .loss nan.: .* not finite. Choose a lower learning rate",
    ):
        learn(made_data(), tmp_path, module=module, report=lines.append, batches=batches)
    assert [line["epoch"] for line in lines] == [1] and np.isfinite(lines[0]["loss"])
    assert list(tmp_path.rglob("*.pt"))  # the first epoch is kept


def test_a_measurement_needs_an_answer_to_each_picture(fragile: core.Classifier) -> None:
    dark, bright = picture().pixels, picture(0, bright=True).pixels
    right = np.full(2, core.read(fragile, picture()).predicted)
    assert evaluate(fragile, Split(right, [dark, dark].__getitem__)).accuracy == 1
    with pytest.raises(core.InvalidInput, match="finite"):
        evaluate(fragile, Split(right, [dark, bright].__getitem__))


def test_json_has_no_nan() -> None:
    data = {"a": [1.0, float("nan")], "b": (np.float64("inf"), {"c": -float("inf"), "d": "NaN"}), "e": None, "f": 3}
    found = json.loads(to_json(data), parse_constant=pytest.fail)
    assert found == {"a": [1.0, None], "b": [None, {"c": None, "d": "NaN"}], "e": None, "f": 3}
