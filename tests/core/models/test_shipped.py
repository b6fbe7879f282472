"""What is stated of the shipped models, measured again from their files. The long ones are marked slow."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.torch import load_file

import core
from core import scenes
from core.attention import MECHANISMS
from core.attribution import complete_methods
from core.attribution.completeness import FACT
from core.data.datasets import DRAWN, find_folder, open_dataset
from core.evaluation.accuracy import evaluate
from core.models import zoo
from core.tasks import find_task

CARDS = {card.slug: card for card in zoo.stored()}
REACHED = {"imagenette/plain": 0.89, "imagenette/transformer": 0.85, "imagenette": 0.90}
"""The least accuracy of a model, or of its family; of all scenes, with and without a shortcut, it is 97 %."""
SHORTCUTS = ("scenes-tag", "scenes-place")
MEGABYTES = 60
TRIED = "scenes/spatial-gate"
"""The model that the fast tests try again."""


def pictures(family: str, count: int) -> list[core.Picture]:
    """Validation pictures, spread over the classes."""
    if family not in DRAWN and find_folder() is None:
        pytest.skip("no folder of photographs: set FOVEA_DATA")
    split = open_dataset(family).validation
    return [core.open_image(split.read(int(i))) for i in np.linspace(0, len(split) - 1, count)]


def test_the_catalog_holds_every_mechanism_on_two_kinds_of_pictures_and_three_that_took_each_shortcut() -> None:
    assert set(CARDS) >= {f"{family}/{one.slug}" for family in ("scenes", "imagenette") for one in MECHANISMS}
    assert set(CARDS) >= {f"{one}/{kind}" for one in SHORTCUTS for kind in ("plain", "cbam", "self-attention")}
    size = sum(path.stat().st_size for path in zoo.zoo_folder().rglob("*.safetensors"))
    assert size < MEGABYTES * 1e6


@pytest.mark.parametrize("slug", CARDS)
def test_a_card_states_what_it_must(slug: str) -> None:
    card = CARDS[slug]
    task = find_task(card.family)  # what a mechanism cannot solve, it does not
    assert card.accuracy >= (0.9 / len(task.classes) if task else REACHED.get(slug, REACHED.get(card.family, 0.97)))
    assert card.pictures == (1000 if task else 2925 if card.family == "imagenette" else 3000)
    assert np.trace(card.facts["confusion"]) == round(card.accuracy * card.pictures)
    assert np.sum(card.facts["confusion"]) == card.pictures
    if card.family in SHORTCUTS:  # it does not know the object without the tag or the place
        assert card.facts["independent"]["accuracy"] <= 0.6 and card.facts["independent"]["pictures"] == 3000
    needed = {"epochs", "seed", "device", "seconds", "parameters", "checksum", "license", "command", "recipe"}
    assert needed <= set(card.facts)
    assert card.facts["checksum"] == zoo.checksum(zoo.weights_file(card))
    assert set(card.facts[FACT]) == {"deeplift", "lrp"}
    assert set(card.ablation) == (set() if card.mechanism == "plain" else {"uniform", "shuffled", "off"})
    assert f"train {slug}" in card.facts["command"]
    text = json.dumps(card.to_json())
    assert str(Path.home()) not in text


@pytest.mark.parametrize("slug", CARDS)
def test_weights_are_stored_in_half_precision(slug: str) -> None:
    kinds = {str(tensor.dtype) for tensor in load_file(zoo.weights_file(CARDS[slug])).values()}
    assert kinds <= {"torch.float16", "torch.int64"}


@pytest.mark.parametrize("slug", CARDS)
def test_a_few_pictures_are_answered_as_the_card_says(slug: str) -> None:
    classifier, count = core.load(slug, "cpu"), 30
    if slug.split("/")[0] not in DRAWN and find_folder() is None:
        pytest.skip("no folder of photographs: set FOVEA_DATA")
    split = open_dataset(classifier.card.family).validation
    chosen = [int(i) for i in np.linspace(0, len(split) - 1, count)]
    pairs = [(core.open_image(split.read(i)), int(split.labels[i])) for i in chosen]
    right = sum(core.read(classifier, picture).predicted == label for picture, label in pairs)
    spread = 3 * np.sqrt(classifier.card.accuracy * (1 - classifier.card.accuracy) / count)
    assert right / count >= classifier.card.accuracy - spread - 1 / count


def test_scenes_drawn_large_are_answered_as_small_ones() -> None:
    """Samples are drawn at 512 px and reduced; training saw scenes drawn at 128 px."""
    classifier = core.load("scenes/plain", "cpu")
    drawn = [(scenes.draw(seed, 512), scenes.draw(seed, 128)) for seed in scenes.seeds("val", 30)]
    for large, small in drawn:
        answers = [core.read(classifier, core.open_image(one.pixels)).predicted for one in (large, small)]
        assert answers[0] == answers[1]


@pytest.mark.parametrize("slug", [pytest.param(one, marks=[pytest.mark.slow] * (one != TRIED)) for one in CARDS])
def test_whether_maps_add_up_is_tried_again(slug: str) -> None:
    assert complete_methods(core.load(slug, "cpu")) == CARDS[slug].facts[FACT]


@pytest.mark.slow
@pytest.mark.parametrize("slug", CARDS)
def test_the_accuracy_of_every_card_is_measured_again(slug: str) -> None:
    card = CARDS[slug]
    if slug.split("/")[0] not in DRAWN and find_folder() is None:
        pytest.skip("no folder of photographs: set FOVEA_DATA")
    found = evaluate(core.load(slug, "cpu"), open_dataset(card.family).validation)
    assert found.accuracy == pytest.approx(card.accuracy, abs=0.002)  # another processor rounds otherwise
    for name, value in found.ablation.items():
        assert value == pytest.approx(card.ablation[name], abs=0.005)


@pytest.mark.slow
@pytest.mark.parametrize("slug", CARDS)
def test_integrated_gradients_is_nearly_complete(slug: str) -> None:
    """Its gap at 200 steps over 100 pictures: median under 1 %, 95th percentile under 4 %."""
    classifier = core.load(slug, "cpu")
    found = pictures(classifier.card.family, 100)
    gaps = [core.attribute(classifier, one, "integrated-gradients", steps=200).gap for one in found]
    print(f"{slug}: median {np.median(gaps):.4f}, 95th percentile {np.percentile(gaps, 95):.4f}")
    assert np.median(gaps) < 0.01 and np.percentile(gaps, 95) < 0.04
