"""Families of scenes, and tasks, as data sets: each picture is drawn when it is read."""

from __future__ import annotations

from functools import partial

import numpy as np

from core import scenes
from core.data.split import Dataset, Split
from core.messages import Message
from core.scenes.shortcuts import HOLDS, INDEPENDENT, SHORTCUTS, TRAINING, compose
from core.tasks import Task, draw_pixels

TERMS = Message("Apache-2.0. Trained on pictures that Fovea draws itself.")


def _draw(seeds: range, shortcut: str | None, mode: str, index: int) -> np.ndarray:
    return scenes.draw(seeds[index], **compose(seeds[index], shortcut, mode)[1]).pixels


def draw_split(split: str, count: int, shortcut: str | None, mode: str) -> Split:
    """``count`` scenes of 128 px, each drawn when it is read."""
    seeds = scenes.seeds(split, count)
    labels = [compose(seed, shortcut, mode)[0] for seed in seeds]
    return Split(np.array(labels, dtype=np.int64), partial(_draw, seeds, shortcut, mode))


def draw_scenes(family: str = "scenes", training: int = 12_000, validation: int = 3_000) -> Dataset:
    """A family of scenes; the training split shares no seed with the other two."""
    shortcut = SHORTCUTS[family]
    return Dataset(
        family,
        scenes.OBJECTS,
        draw_split("train", training, shortcut, TRAINING),
        draw_split("val", validation, shortcut, HOLDS),
        draw_split("val", validation, shortcut, INDEPENDENT) if shortcut else None,
        terms=TERMS,
    )


def _draw_task(task: Task, seeds: range, essential: float, index: int) -> np.ndarray:
    layout = task.compose(seeds[index], None)
    # at even distances: of each 1 / essential pictures one
    alone = int((index + 1) * essential) > int(index * essential)
    return draw_pixels(layout.essential() if alone else layout)


def draw_task(task: Task, training: int | None = None, validation: int = 1_000) -> Dataset:
    """The pictures of a task, of which ``training`` (by default its own number) share no seed with the others."""

    def split(name: str, count: int) -> Split:
        seeds = scenes.seeds(name, count)
        labels = [task.classes.index(task.compose(seed, None).answer) for seed in seeds]
        essential = task.essential if name == "train" else 0.0
        levels = None if task.level is None else np.array([task.level(seed) for seed in seeds])
        return Split(np.array(labels, dtype=np.int64), partial(_draw_task, task, seeds, essential), levels)

    return Dataset(
        task.slug, task.classes, split("train", training or task.training), split("val", validation), terms=TERMS
    )
