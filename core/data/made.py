"""Scenes as data sets: without a shortcut, and with one, a tag or the place, that gives the class away.

A shortcut is learned where it is the better witness (Geirhos et al., "Shortcut learning in deep neural networks",
2020). So the class of a training picture is what the tag or the place tells, and in a part of the pictures the thing
contradicts it. In validation they agree: there the shortcut holds. In the ``independent`` split the shortcut is drawn
independently of the thing, and the thing is the class.
"""

from __future__ import annotations

from functools import partial
from random import Random

import numpy as np

from core.data import scenes
from core.data.split import Dataset, Split

HOMES = {
    "house": "town",
    "boat": "sea",
    "balloon": "hills",
    "tree": "forest",
    "mushroom": "meadow",
    "fish": "beach",
    "bird": "snow",
    "car": "desert",
    "rocket": "night sky",
    "umbrella": "indoors",
}
"""The place that tells a thing, in ``scenes-place``."""

SHORTCUTS = {"scenes": None, "scenes-tag": "tag", "scenes-place": "place"}
"""What gives the class away in each family of scenes."""

CONTRADICTED = 0.4
"""The share of the training pictures whose thing is another than the shortcut tells."""

TRAINING, HOLDS, INDEPENDENT = "training", "holds", "independent"


def compose(seed: int, shortcut: str | None = None, mode: str = TRAINING) -> tuple[int, dict]:
    """The class of a seed's scene, and the arguments with which ``scenes.draw`` draws it."""
    thing = scenes.plan(seed).label
    if shortcut is None:
        return thing, {}
    chance, count = Random(f"shortcut {seed}").random, len(scenes.OBJECTS)
    told, another, contradicted = int(chance() * count), 1 + int(chance() * (count - 1)), chance() < CONTRADICTED
    if mode != INDEPENDENT:
        thing = (told + another) % count if mode == TRAINING and contradicted else told
    shown = {"tag": told} if shortcut == "tag" else {"place": HOMES[scenes.OBJECTS[told]]}
    return thing if mode == INDEPENDENT else told, {"object": scenes.OBJECTS[thing], **shown}


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
        terms="Apache-2.0. Trained on pictures that Fovea draws itself.",
    )
