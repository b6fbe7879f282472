"""A recorded view: its numbers by the public functions one by one, computed again, and files that are no record."""

from __future__ import annotations

import json
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import core
from core.attribution import batches
from core.data import open_sample
from core.evaluation import agreement, find_bank
from core.replay import measuring, recording, save_record
from core.replay.replaying import distance
from tests.core.replay.recorded_views import SAMPLE, question_about, reopened

MODELS = ("scenes/cbam", "scenes/transformer", "scenes/recurrent", "scenes/squeeze-excitation", "scenes/plain")
METHODS = ("integrated-gradients", "smoothgrad", "occlusion", "lime", "gradient-x-attention")


@pytest.mark.parametrize("slug", MODELS)
def test_a_view_is_replayed_to_the_last_bit(slug: str) -> None:
    classifier, picture = core.load(slug, "cpu"), open_sample(SAMPLE)
    found = core.record(classifier, picture, question_about(classifier, picture), sample=SAMPLE)
    again = core.replay(reopened(found), device="cpu")
    assert again.identical
    assert again.same
    assert again.changed == ()
    assert {one.name for one in again.differences} == set(found.numbers)


@pytest.mark.parametrize("method", METHODS)
def test_batches_of_another_machine_change_no_bit(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The fastest size of a batch is found by a clock, so it may differ from run to run."""
    classifier, picture = core.load("scenes/transformer", "cpu"), open_sample(SAMPLE)
    monkeypatch.setattr(batches, "probe", lambda *_: batches.Pace(4, 0.001))
    found = core.record(classifier, picture, question_about(classifier, picture, method))
    other = core.load("scenes/transformer", "cpu")
    monkeypatch.setattr(batches, "probe", lambda *_: batches.Pace(1, 0.001))
    assert core.replay(reopened(found), other).identical


def test_the_numbers_are_those_of_the_public_functions(view: core.Record) -> None:
    classifier, picture = core.load("scenes/cbam", "cpu"), open_sample(SAMPLE)
    reading, numbers, tap = core.read(classifier, picture), view.numbers, view.question.tap
    target = reading.predicted
    found = core.attribute(classifier, picture, "grad-cam", target)
    attended = next(one for one in reading.maps if one.tap == tap)
    assert np.array_equal(numbers["logits"], reading.logits)
    assert np.array_equal(numbers["attribution"], found.values)
    assert np.array_equal(numbers["attention"], core.to_grid(attended))
    for way, change in {"uniform": core.UNIFORM, "off": core.OFF, "shuffled": core.SHUFFLED(0)}.items():
        changed = core.intervene(classifier, picture, {tap: change})
        assert numbers[f"intervention.{way}"] == float(changed.probabilities[target])
    compared = core.agreement(attended, found)
    assert numbers["agreement.rank_correlation"] == pytest.approx(compared.rank_correlation.value)
    assert numbers["agreement.overlap"] == pytest.approx(compared.overlap.value)
    for name, map_ in {"attention": attended, "attribution": found}.items():
        expected = {one.slug: one.value for one in core.check(classifier, picture, map_, target)}
        for slug, value in expected.items():
            assert numbers[f"check.{name}.{slug}"] == pytest.approx(value, abs=1e-6)


def test_a_head_and_a_pinned_patch_are_recorded() -> None:
    classifier, picture = core.load("scenes/transformer", "cpu"), open_sample(SAMPLE)
    question = question_about(classifier, picture, tap="block4.attention", head=2, query=17)
    found = core.record(classifier, picture, question)
    attended = next(one for one in core.read(classifier, picture).maps if one.tap == "block4.attention")
    assert np.array_equal(found.numbers["attention"], core.to_grid(attended, head=2, query=17))
    assert core.replay(reopened(found), classifier).identical


def test_a_contrast_and_a_crop_are_recorded() -> None:
    classifier = core.load("scenes/cbam", "cpu")
    picture = core.reframe(open_sample(SAMPLE), (10, 20, 100, 110))
    found = core.record(
        classifier, picture, question_about(classifier, picture, "input-x-gradient", contrast=0), sample=SAMPLE
    )
    again = reopened(found)
    assert again.picture.box == picture.box
    assert np.array_equal(again.picture.pixels, picture.pixels)
    assert core.replay(again, classifier).identical


def test_another_number_of_threads_stays_within_the_tolerance(view: core.Record) -> None:
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(threads + 1)
        again = core.replay(reopened(view), device="cpu")
    finally:
        torch.set_num_threads(threads)
    assert again.same
    assert again.changed == (f"threads: recorded with {threads}, now {threads + 1}.",)


def test_what_has_changed_is_named(view: core.Record, monkeypatch: pytest.MonkeyPatch) -> None:
    classifier = core.load("scenes/cbam", "cpu")
    other = core.adopt(classifier.module, replace(classifier.card, facts={}, std=(0.5, 0.5, 0.5)), device="cpu")
    with torch.no_grad():
        next(other.module.parameters()).mul_(1.5)
    monkeypatch.setattr(recording, "version", lambda name: "0.1" if name == "captum" else "2")
    again = core.replay(reopened(view), other)
    assert not again.same
    assert "differ from the recorded ones: logits" in again.verdict
    assert any("The weights of" in one for one in again.changed)
    assert any(one.startswith("captum: recorded with ") and one.endswith("now 0.1.") for one in again.changed)
    assert any(one.startswith("std: ") for one in again.changed)


def test_the_same_weights_in_another_file_have_not_changed(view: core.Record, tmp_path: Path) -> None:
    """The checksum of a file differs where a trainer has stored the same weights in another way."""
    loaded = core.load("scenes/cbam", "cpu")
    states = {"plain.pth": loaded.module.state_dict(), "nested.pth": {"state_dict": loaded.module.state_dict()}}
    copies = []
    for name, state in states.items():
        torch.save(state, tmp_path / name)
        facts = {"checksum": sha256((tmp_path / name).read_bytes()).hexdigest()}
        copies.append(core.adopt(loaded.module, replace(loaded.card, facts=facts), device="cpu"))
        copies[-1].card.facts["checksum"] = facts["checksum"]
    assert len({one.checksum for one in copies}) == 2
    assert not any("weights" in one for copy in copies for one in core.replay(reopened(view), copy).changed)


def test_the_version_and_the_code_are_recorded(view: core.Record, monkeypatch: pytest.MonkeyPatch) -> None:
    named = view.facts["machine"]["libraries"]["fovea"]
    assert named.startswith(f"{core.__version__}+")
    monkeypatch.setattr(recording, "code_version", lambda: "0.0.1+00000000")
    assert f"fovea: recorded with {named}, now 0.0.1+00000000." in core.replay(reopened(view), device="cpu").changed


def test_another_model_is_refused(view: core.Record) -> None:
    with pytest.raises(core.InvalidInput, match="has other classes than the recorded model"):
        core.replay(view, core.load("imagenette/cbam", "cpu"))
    gone = reopened(view)
    gone.facts["model"]["slug"] = "scenes/gone"
    with pytest.raises(core.InvalidInput, match="scenes/gone"):
        core.replay(gone)


def test_a_picture_of_another_file_is_not_taken_for_the_sample(view: core.Record) -> None:
    """The name of a sample in a file is not trusted: the recorded pixels count."""
    other = reopened(view)
    other.facts["picture"]["sample"] = "scenes/25"
    assert core.replay(other, device="cpu").same


@pytest.mark.parametrize(
    ("recorded", "now", "expected"),
    [
        (None, None, 0.0),
        (None, 1.0, None),
        (1.0, None, None),
        (0.5, 0.75, 0.25),
        (np.array([0.0, 2.0]), np.array([0.5, 2.0]), 0.25),
        (np.array([1.0]), np.array([1.0, 2.0]), None),
        (np.zeros(2), np.zeros(2), 0.0),
        (np.zeros(2), np.array([0.0, 0.5]), 0.5),
        (np.zeros(1), np.array([-0.0]), np.finfo(float).tiny),
    ],
)
def test_the_distance_of_two_numbers(recorded: Any, now: Any, expected: float | None) -> None:
    assert distance(recorded, now) == expected


def test_the_picture_itself_is_left_out_of_the_bank_by_its_file() -> None:
    """The record holds the pixels in another file, whose checksum is another one."""
    classifier, picture = core.load("scenes/cbam", "cpu"), open_sample(SAMPLE)
    bank = find_bank(classifier.checksum)
    other = replace(picture, sha256=bank.pictures[0] + "0" * 48)
    found = core.record(classifier, other, question_about(classifier, picture))
    again = reopened(found)
    assert again.picture.sha256 != other.sha256
    assert core.replay(again, classifier).identical


def test_a_missing_bank_is_named(view: core.Record, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (measuring, agreement, recording):
        monkeypatch.setattr(module, "find_bank", lambda _: None)
    again = core.replay(reopened(view), device="cpu")
    assert not again.same
    assert any("maps of other pictures" in one for one in again.changed)


def test_a_number_that_is_missing_is_not_the_same(view: core.Record) -> None:
    facts = json.loads(view.to_json())
    del facts["numbers"]["gap"]
    facts["numbers"]["more"] = None
    again = core.replay(core.open_record(json.dumps(facts).encode()), device="cpu")
    assert {one.name for one in again.differences if one.value is None} == {"gap", "more"}
    assert not again.same


def test_a_batch_is_never_larger_than_the_device_takes() -> None:
    classifier = core.load("scenes/cbam", "cpu")

    def job() -> tuple[int, int]:
        with batches.fixed_batches({"forward": 10**6, "gradient": 10**6}):
            return batches.pace(classifier).size, batches.pace(classifier, True).size

    assert classifier.run(job) == (16, 16)


def test_a_report_holds_its_record(view: core.Record) -> None:
    text = view.to_json().replace("<", "\\u003c")
    page = f'<!doctype html><p>before</p><script type="application/json" id="view">{text}</script><p>after</p>'
    assert core.replay(core.open_record(page.encode()), device="cpu").identical


def test_a_record_is_a_file(view: core.Record, tmp_path: Path) -> None:
    save_record(view, tmp_path / "view.json")
    assert core.open_record(tmp_path / "view.json").question == view.question
    with pytest.raises(core.InvalidInput, match="cannot be written"):
        save_record(view, tmp_path / "none" / "view.json")
    with pytest.raises(core.InvalidInput, match="cannot be read"):
        core.open_record(tmp_path / "none.json")
