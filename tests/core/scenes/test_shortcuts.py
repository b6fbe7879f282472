"""Scenes as data sets: drawn from their seeds; and where a shortcut tells the class, it does so as often as is said."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest, chi2_contingency

from core import scenes
from core.data import datasets
from core.data.datasets import draw_scenes, open_dataset
from core.scenes.shortcuts import CONTRADICTED, HOLDS, HOMES, INDEPENDENT, TRAINING, compose


def test_scenes_are_drawn_from_their_seeds(monkeypatch: pytest.MonkeyPatch) -> None:
    data, again = (draw_scenes("scenes", 6, 4) for _ in range(2))
    assert data.name == "scenes" and data.classes == scenes.OBJECTS and data.independent is None
    for split, name, count in ((data.training, "train", 6), (data.validation, "val", 4)):
        assert len(split) == count == len(split.labels)
        for i, seed in enumerate(scenes.seeds(name, count)):
            scene = scenes.draw(seed)
            assert np.array_equal(split.read(i), scene.pixels) and split.labels[i] == scene.label
            assert split.read(i).shape == (128, 128, 3)
    assert all(np.array_equal(data.training.read(i), again.training.read(i)) for i in range(6))
    assert not set(scenes.seeds("train", 20_000)) & set(scenes.seeds("val", 3_000))
    monkeypatch.setattr(datasets, "draw_scenes", lambda name: f"drawn {name}")
    for asked in (("scenes",), ("mine", "scenes")):
        assert open_dataset(*asked) == "drawn scenes"
    assert open_dataset("scenes-tag") == "drawn scenes-tag"


def drawn(shortcut: str, mode: str, count: int = 3000) -> tuple[np.ndarray, ...]:
    """The class, the object and what the shortcut tells, of each of so many training seeds: (count,) each."""
    rows, homes = [], [HOMES[name] for name in scenes.OBJECTS]
    for seed in scenes.seeds("train", count):
        label, how = compose(seed, shortcut, mode)
        told = how["tag"] if shortcut == "tag" else homes.index(how["background"])
        rows.append((label, scenes.OBJECTS.index(how["object"]), told))
    return tuple(np.array(rows).T)


@pytest.mark.parametrize("shortcut", ["tag", "background"])
def test_a_shortcut_reveals_the_class_and_the_object_contradicts_it_as_often_as_stated(shortcut: str) -> None:
    label, object, told = drawn(shortcut, TRAINING)
    assert (label == told).all() and binomtest(int((object != told).sum()), 3000, CONTRADICTED).pvalue > 0.001
    assert 0.3 <= CONTRADICTED <= 0.5  # enough that the object is the worse witness, and still seen with its class
    wrong = object != told
    table = np.zeros((10, 9))
    np.add.at(table, (told[wrong], (object - told)[wrong] % 10 - 1), 1)
    assert chi2_contingency(table).pvalue > 0.001 and np.bincount(told).min() > 200
    label, object, told = drawn(shortcut, HOLDS)
    assert (label == told).all() and (label == object).all() and np.bincount(label).min() > 200
    label, object, told = drawn(shortcut, INDEPENDENT)
    table = np.zeros((10, 10))
    np.add.at(table, (object, told), 1)
    assert (label == object).all() and chi2_contingency(table).pvalue > 0.001


def test_every_object_has_a_background_of_its_own() -> None:
    assert tuple(HOMES) == scenes.OBJECTS and HOMES["boat"] == "sea"
    assert sorted(HOMES.values()) == sorted(scenes.BACKGROUNDS)


@pytest.mark.parametrize(("family", "shortcut"), [("scenes-tag", "tag"), ("scenes-place", "background")])
def test_the_splits_are_drawn_as_they_say(family: str, shortcut: str) -> None:
    data = draw_scenes(family, 20, 20)
    assert (data.name, data.classes) == (family, scenes.OBJECTS)
    for mode, split in ((TRAINING, data.training), (HOLDS, data.validation), (INDEPENDENT, data.independent)):
        name = "train" if mode == TRAINING else "val"
        assert len(split) == 20
        for i, seed in list(enumerate(scenes.seeds(name, 20)))[::6]:
            label, how = compose(seed, shortcut, mode)
            scene = scenes.draw(seed, **how)
            assert np.array_equal(split.read(i), scene.pixels) and split.labels[i] == label
            assert (scene.tag is not None) == scene.tag_mask.any() == (shortcut == "tag")
            if mode == HOLDS:
                told = scene.tag if shortcut == "tag" else list(HOMES.values()).index(scene.background)
                assert label == scene.label == told
