"""Data sets of tasks: which training pictures show only what the answer depends on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core import scenes
from core.data.datasets import open_dataset
from core.data.drawn import draw_task
from core.data.samples import open_sample
from core.tasks import TASKS, Task, draw_pixels
from core.tasks.layout import ROLES
from core.types import InvalidInput

COUNT = 16


@pytest.mark.parametrize("known", [one for one in TASKS if one.essential], ids=lambda one: one.slug)
def test_each_eighth_training_picture_shows_only_what_matters(known: Task) -> None:
    assert known.essential == 1 / 8
    data = draw_task(known, COUNT, COUNT)
    for name, split in (("train", data.training), ("val", data.validation)):
        for index, seed in enumerate(scenes.seeds(name, COUNT)):
            layout = known.compose(seed, None)
            items = tuple(one for one in layout.items if one.role in ROLES)
            assert 0 < len(items) < len(layout.items)
            alone = name == "train" and index % 8 == 7
            expected = draw_pixels(replace(layout, items=items) if alone else layout)
            assert np.array_equal(split.read(index), expected)


@pytest.mark.parametrize("known", [one for one in TASKS if not one.essential], ids=lambda one: one.slug)
def test_the_training_pictures_of_other_tasks_are_whole(known: Task) -> None:
    split = draw_task(known, 8, 1).training
    layout = known.compose(scenes.seeds("train", 8)[7], None)
    assert np.array_equal(split.read(7), draw_pixels(layout))


def test_levels_are_those_of_the_seeds() -> None:
    (known,) = (one for one in TASKS if one.level)
    data = draw_task(known, 30, 20)
    for name, split in (("train", data.training), ("val", data.validation)):
        assert known.level and list(split.levels) == [known.level(seed) for seed in scenes.seeds(name, len(split))]
        assert [int(index) for index in split.up_to(2)] == [i for i, level in enumerate(split.levels) if level <= 2]
        assert len(split.up_to(None)) == len(split.up_to(3)) == len(split)
    assert draw_task(next(one for one in TASKS if not one.level), 3, 3).training.levels is None


@pytest.mark.parametrize("rest", ["05", "٣", "3/", "-1", "1" * 19, "3/fish/", ""])
def test_a_picture_has_one_address(rest: str) -> None:
    with pytest.raises(InvalidInput):
        open_sample(f"tasks-marked/{rest}")


def test_a_wrong_task_is_answered_with_the_names_of_all() -> None:
    with pytest.raises(InvalidInput, match="no task 'tasks-nope'.*tasks-marked"):
        open_dataset("tasks-nope")
