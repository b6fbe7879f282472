"""The command line: what it prints parses and is true, a mistake is one sentence, and a killed training goes on."""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import core
from core import __main__ as command_line
from core import scenes
from core.__main__ import main
from core.attribution import batches
from core.classifier import Classifier
from core.commands.printing import percent
from core.data import datasets
from core.models import zoo
from core.training import RECIPES, Recipe

ROOT = Path(__file__).resolve().parents[3]
CLASSES = ("ash", "birch", "cedar", "elm", "fir", "hazel", "larch", "maple", "oak", "pine")


def fill(root: Path, train: int, val: int) -> Path:
    """A data set of ten classes: noise, brighter in another channel and place for each class."""
    draw = np.random.default_rng(2)
    for half, count in (("train", train), ("val", val)):
        for index, name in enumerate(CLASSES):
            (root / half / name).mkdir(parents=True)
            for n in range(count):
                pixels = draw.integers(0, 160, (40, 40, 3), dtype=np.uint8)
                pixels[4 * index : 4 * index + 4, :, index % 3] = 250
                Image.fromarray(pixels).save(root / half / name / f"{n}.png")
    return root


@pytest.fixture(autouse=True)
def place(tmp_path: Path, tiny: Callable, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own with a picture, a data set, and a zoo of two tiny models; and nothing of this machine's."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FOVEA_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("FOVEA_PRETRAINED", str(tmp_path / "catalog"))
    monkeypatch.setattr(core.families, "FAMILIES", (core.families.Family("made", widths=(8, 8, 16, 16)),))
    monkeypatch.setitem(RECIPES, "made", Recipe(epochs=3, batch=8, average=0.5, sizes=((1.0, 32),)))
    for slug in ("plain", "cbam"):
        card = replace(tiny(slug).card, slug=f"tiny/{slug}", accuracy=0.5, pictures=20, ablation={}, facts={"seed": 1})
        zoo.store(tiny(slug).module, card)
        zoo.store_card(card)
    fill(tmp_path / "data", train=2, val=2)
    Image.effect_noise((70, 90), 80).convert("RGB").save(tmp_path / "photo.png")
    (tmp_path / "text.png").write_text("no picture")
    return tmp_path


def answer(capsys: pytest.CaptureFixture, *words: str) -> dict | list:
    """What a command prints with --json, on the processor."""
    assert main([*words, "--device", "cpu", "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_models_lists_the_catalog(capsys: pytest.CaptureFixture) -> None:
    cards = answer(capsys, "models")
    assert tuple(core.ModelCard.from_json(card) for card in cards) == core.cards()
    slugs = [card["slug"] for card in cards]
    assert slugs[:2] == ["tiny/plain", "tiny/cbam"]
    assert main(["models"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["model", *slugs] and "50.0 %" in lines[1]


@pytest.mark.parametrize("method", ["input-x-gradient", "integrated-gradients", "grad-cam"])
def test_explain_says_what_the_package_says(
    capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    # one size of batch for both: a timed probe may choose two, and near a kink of a relu they round to its two sides
    monkeypatch.setattr(batches, "probe", lambda classifier, gradient: batches.Pace(4, 0.001))
    found = answer(capsys, "explain", "photo.png", "--model", "tiny/cbam", "--method", method, "--out", "maps.npz")
    classifier, picture = core.load("tiny/cbam", "cpu"), core.open_image("photo.png")
    reading = core.read(classifier, picture)
    expected = core.attribute(classifier, picture, method)
    assert (found["model"], found["device"], found["target"]) == ("tiny/cbam", "cpu", CLASSES[reading.predicted])
    assert found["gap"] == (None if expected.gap is None else pytest.approx(expected.gap, abs=1e-5))
    order = sorted(range(10), key=lambda i: -reading.probabilities[i])[:5]
    assert list(found["classes"]) == [CLASSES[i] for i in order]
    assert list(found["classes"].values()) == pytest.approx([float(reading.probabilities[i]) for i in order], rel=1e-5)
    kept = np.load("maps.npz")
    for one in reading.maps:
        assert found["maps"][one.tap] == list(one.weights.shape)
        np.testing.assert_allclose(kept[one.tap], one.weights, atol=1e-6)
    np.testing.assert_allclose(kept["probabilities"], reading.probabilities, atol=1e-6)
    np.testing.assert_allclose(kept["attribution"], expected.values, atol=1e-4 * abs(expected.values).max())


def test_explain_of_another_target_prints_text(capsys: pytest.CaptureFixture) -> None:
    assert answer(capsys, "explain", "photo.png", "--model", "tiny/plain", "--target", "OAK")["target"] == "oak"
    assert main(["explain", "photo.png", "--model", "tiny/plain", "--device", "cpu", "--target", "fir"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len([line for line in lines if line.endswith(" %")]) == 5 and "grad-cam for fir" in lines[-1]


def test_evaluate_counts_again(capsys: pytest.CaptureFixture) -> None:
    for slug in ("plain", "cbam"):
        found = answer(capsys, "evaluate", f"tiny/{slug}", "--data", "data")
        classifier, right = core.load(f"tiny/{slug}", "cpu"), 0
        for path in sorted(Path("data/val").glob("*/*")):
            right += CLASSES[core.read(classifier, core.open_image(path)).predicted] == path.parent.name
        assert (found["model"], found["pictures"], found["accuracy"]) == (f"tiny/{slug}", 20, right / 20)
        assert set(found) - {"model", "pictures", "accuracy", "confusion"} == (
            set() if slug == "plain" else {"uniform", "shuffled", "off"}
        )
        assert sum(found["confusion"][i][i] for i in range(10)) == right and np.sum(found["confusion"]) == 20
        assert core.load(f"tiny/{slug}", "cpu").card.accuracy == 0.5  # nothing is stored unless that is asked for


def test_evaluate_stores_what_it_measured_in_the_card(capsys: pytest.CaptureFixture, place: Path) -> None:
    weights = hashlib.sha256((place / "catalog/tiny/cbam.safetensors").read_bytes()).hexdigest()
    found = answer(capsys, "evaluate", "tiny/cbam", "--data", "data", "--store")
    card = core.load("tiny/cbam", "cpu").card
    assert (card.accuracy, card.pictures, card.facts["seed"]) == (found["accuracy"], 20, 1)
    assert card.ablation == {name: found[name] for name in ("uniform", "shuffled", "off")}
    assert card.facts["confusion"] == found["confusion"] and len(found["confusion"]) == 10
    assert hashlib.sha256((place / "catalog/tiny/cbam.safetensors").read_bytes()).hexdigest() == weights


def test_what_is_not_in_the_zoo_has_no_card_to_store_in(
    capsys: pytest.CaptureFixture, place: Path, tiny: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    guest = Classifier(replace(tiny("plain").card, slug="mine/guest"), tiny("plain").module, tiny("plain").device)
    monkeypatch.setattr(command_line.core, "load", lambda *_: guest)
    assert main(["evaluate", "mine/guest", "--data", "data", "--store"]) == 2
    assert "mine/guest is not in the model zoo" in capsys.readouterr().err and not (place / "catalog/mine").exists()
    assert main(["evaluate", "mine/guest", "--data", "data"]) == 0


def test_what_is_left_without_a_shortcut_is_printed(
    capsys: pytest.CaptureFixture, tiny: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = replace(tiny("plain").card, slug="scenes-tag/plain", classes=scenes.OBJECTS)
    zoo.store(tiny("plain").module, card)
    zoo.store_card(card)
    monkeypatch.setattr(datasets, "draw_scenes", partial(datasets.draw_scenes, training=1, validation=12))
    found = answer(capsys, "evaluate", "scenes-tag/plain", "--store")
    classifier, split = core.load("scenes-tag/plain", "cpu"), datasets.open_dataset("scenes-tag").independent
    answers = [core.read(classifier, core.open_image(split.read(i))).predicted for i in range(12)]
    assert found["independent"] == {"accuracy": sum(answers == split.labels) / 12, "pictures": 12}
    share = percent(found["independent"]["accuracy"])
    assert main(["evaluate", "scenes-tag/plain", "--device", "cpu"]) == 0
    assert f"independent {share:>8}" in capsys.readouterr().out
    assert main(["models"]) == 0
    assert f"  {share} without its shortcut" in capsys.readouterr().out


def test_the_spread_over_seeds_is_listed(capsys: pytest.CaptureFixture) -> None:
    words = ["--data", "data", "--epochs", "1", "--seeds", "2", "--sizes", "1:32"]
    found = answer(capsys, "train", "made/plain", *words)["facts"]["seeds"]
    assert found["seeds"] == [0, 1] and len(found["accuracies"]) == 2
    assert main(["models"]) == 0
    assert f"{100 * found['mean']:.1f} ± {100 * found['std']:.1f} % over 2 seeds" in capsys.readouterr().out


def test_a_folder_without_splits_is_split_and_that_is_stated(capsys: pytest.CaptureFixture, place: Path) -> None:
    words = ["train", "made/plain", "--data", "data/train", "--epochs", "1", "--device", "cpu"]
    assert main(words) == 0
    assert "There is no val/ in train, so a tenth of each class" in capsys.readouterr().err
    assert "a tenth of each class" in core.load("made/plain", "cpu").card.facts["split"]


def test_train_puts_a_model_in_the_zoo_and_its_command_makes_it_again(
    capsys: pytest.CaptureFixture, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["--data", "data", "--seed", "5", "--rate", "0.01", "--start", "tiny/plain"]
    card = answer(capsys, "train", "made/cbam", *words)
    assert card == next(one for one in answer(capsys, "models") if one["slug"] == "made/cbam")
    facts = card["facts"]
    assert (facts["seed"], facts["recipe"]["rate"], facts["start"]) == (5, 0.01, "tiny/plain")
    assert 1 <= len(facts["history"]) == facts["epochs"] < 3  # fewer than from scratch
    command = shlex.split(facts["command"])
    assert command[:4] == ["python", "-m", "core", "train"] and "DIR" in command
    weights = place / "catalog/made/cbam.safetensors"
    weights.unlink()
    monkeypatch.setenv("FOVEA_DATA", str(place / "data"))
    (place / "elsewhere").mkdir()
    monkeypatch.chdir(place / "elsewhere")  # no checkpoint to go on from
    assert main([word.replace("DIR", str(place / "data")) for word in command[3:]] + ["--device", "cpu"]) == 0
    assert hashlib.sha256(weights.read_bytes()).hexdigest() == facts["checksum"]
    assert "made/cbam: " in capsys.readouterr().out


MISTAKES = {
    "explain photo.png --model tiny/none": "There is no model 'tiny/none'",
    "explain photo.png": "There is no model 'imagenette/cbam'",
    "explain photo.png --model tiny/plain --device tpu": "This machine has no device 'tpu'",
    "explain photo.png --model tiny/plain --target willow": "tiny/plain has no class 'willow'",
    "explain none.png --model tiny/plain": "none.png",
    "explain text.png --model tiny/plain": "text.png",
    "explain . --model tiny/plain": ". is not a file. Check the path.",
    "evaluate tiny/none --data data": "There is no model 'tiny/none'",
    "evaluate tiny/plain": "FOVEA_DATA",
    "evaluate tiny/plain --data none": "There is no data set in none",
    "evaluate tiny/plain --data other": "The classes of tiny/plain differ from those of other",
    "train made/plain": "FOVEA_DATA",
    "train made/magic --data data": "There is no mechanism 'magic'",
    "train scenes/magic": "There is no mechanism 'magic'",  # before any picture is drawn
    "train tasks-marked/cbam --data data": "The pictures of tasks-marked are drawn",
    "train made --data data": "Name a model FAMILY/MECHANISM",
    "train made/plain --data data --start tiny/none": "There is no model 'tiny/none'",
    "train made/plain --data data --device tpu": "This machine has no device 'tpu'",
    "train made/plain --data other": "other has 2 training pictures",
    "train made/plain --data data --epochs 0": "Epochs must be from 1",
    "train made/plain --data data --rate -1": "Rate must be from",
    "train made/plain --data data --seeds 0": "Choose at least one seed",
    "train made/plain --data data --sizes 1:33": "Each size needs a share above 0",
    "train made/plain --data cifar10": "cifar10 is not in",
    "evaluate tiny/plain --data scenes": "The classes of tiny/plain differ from those of scenes",
    "explain photo.png --model tiny/plain --out nowhere/maps.npz": "nowhere/maps.npz cannot be written",
}


@pytest.mark.parametrize("words", MISTAKES)
def test_a_mistake_is_one_sentence_and_status_2(capsys: pytest.CaptureFixture, place: Path, words: str) -> None:
    for name in ("train", "val"):
        for kind in ("apple", "pear"):
            (place / "other" / name / kind).mkdir(parents=True)
            Image.new("RGB", (9, 9)).save(place / "other" / name / kind / "0.png")
    device = [] if "--device" in words else ["--device", "cpu"]
    assert main([*words.split(), *device]) == 2
    printed = capsys.readouterr()
    assert printed.out == "" and printed.err.count("\n") == 1 and printed.err.endswith(".\n")
    assert MISTAKES[words] in printed.err and "Traceback" not in printed.err


@pytest.mark.parametrize("words", ["", "paint", "explain a.png --method magic", "train a/plain --seed x",
                                   "train a/plain --sizes 96", "train a/plain --loss hinge"])  # fmt: skip
def test_words_that_are_no_command_show_the_usage(capsys: pytest.CaptureFixture, words: str) -> None:
    with pytest.raises(SystemExit) as caught:
        main(words.split())
    assert caught.value.code == 2 and capsys.readouterr().err.startswith("usage: python -m core")


def test_an_interrupt_has_its_own_status(capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(command_line.core, "cards", interrupted)
    assert main(["models"]) == 130 and "the same command continues from there" in capsys.readouterr().err


def shell(words: str, folder: Path, **options: object) -> subprocess.Popen:
    """``python -m core`` in a process of its own, run from ``folder``."""
    paths = {"PYTHONPATH": str(ROOT), "FOVEA_PRETRAINED": str(folder / "catalog")}
    options |= {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "cwd": folder}
    environment = {**os.environ, **paths, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen([sys.executable, "-m", "core", *words.split()], env=environment, **options)


def test_the_real_process_prints_json_and_ends_with_its_status(place: Path) -> None:
    good, bad = shell("models --json", place), shell("explain photo.png --model tiny/none", place)
    out, err = good.communicate(timeout=120)
    assert [card["slug"] for card in json.loads(out)][:2] == ["tiny/plain", "tiny/cbam"] and err == ""
    assert good.returncode == 0
    out, err = bad.communicate(timeout=120)
    assert (bad.returncode, out) == (2, "") and err.startswith("There is no model 'tiny/none'") and err.count("\n") == 1


@pytest.mark.slow
def test_a_training_that_was_killed_goes_on_to_the_same_file(place: Path) -> None:
    fill(place / "more", train=7, val=1)
    words = f"train made/cbam --data {place / 'more'} --epochs 3 --device cpu --json"
    whole, cut = place / "whole", place / "cut"
    for folder in (whole, cut):
        folder.mkdir()
    expected = json.loads(shell(words, whole).communicate(timeout=300)[0])
    running = shell(words, cut, start_new_session=True)
    end = time.monotonic() + 300
    while not list(cut.glob(".cache/training/*.pt")) and time.monotonic() < end and running.poll() is None:
        time.sleep(0.05)
    os.killpg(running.pid, signal.SIGKILL)
    running.communicate()
    assert running.returncode == -signal.SIGKILL and not list(cut.rglob("*.safetensors"))
    out, err = shell(words, cut).communicate(timeout=300)
    found = json.loads(out)
    assert "epoch   1 " not in err and "epoch   3 " in err
    assert found["facts"]["checksum"] == expected["facts"]["checksum"]
    assert (found["accuracy"], found["ablation"]) == (expected["accuracy"], expected["ablation"])
    lost, there = ([line["loss"] for line in card["facts"]["history"]] for card in (found, expected))
    assert lost == there and len(lost) == 3
