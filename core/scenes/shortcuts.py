"""Families of scenes: without a shortcut, and with a tag or a background that reveals the class.

A shortcut is learned where it predicts the class better than the object does (Geirhos et al., "Shortcut learning in
deep neural networks", 2020). So the class of a training picture is that of the tag or the background, and in a part of
the pictures the object contradicts it. In validation both agree: the shortcut holds. In the independent mode the
shortcut is drawn independently of the object, and the object is the class.
"""

from __future__ import annotations

from random import Random
from typing import Any

from core.families import FAMILIES
from core.scenes import drawing

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
"""The background that stands for each object, in ``scenes-place``."""

SHORTCUTS = {one.slug: one.shortcut for one in FAMILIES if one.drawn}
"""What reveals the class in each family of scenes."""

CONTRADICTED = 0.4
"""The share of the training pictures whose object contradicts the shortcut."""

TRAINING, HOLDS, INDEPENDENT = "training", "holds", "independent"


def compose(seed: int, shortcut: str | None = None, mode: str = TRAINING) -> tuple[int, dict[str, Any]]:
    """The class of a seed's scene, and the arguments with which ``drawing.draw`` draws it."""
    label = drawing.plan(seed).label
    if shortcut is None:
        return label, {}
    chance, count = Random(f"shortcut {seed}").random, len(drawing.OBJECTS)
    cue, another, contradicted = int(chance() * count), 1 + int(chance() * (count - 1)), chance() < CONTRADICTED
    if mode != INDEPENDENT:
        label = (cue + another) % count if mode == TRAINING and contradicted else cue
    shown: dict[str, Any] = {"tag": cue} if shortcut == "tag" else {"background": HOMES[drawing.OBJECTS[cue]]}
    return label if mode == INDEPENDENT else cue, {"object": drawing.OBJECTS[label], **shown}
