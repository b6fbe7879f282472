"""Folders of pictures, a subfolder for each class, for the tests of data sets."""

from __future__ import annotations

import random
from pathlib import Path

from PIL import Image


def fill(root: Path, classes: tuple[str, ...] = ("apple", "pear"), train: int = 3, val: int = 2) -> Path:
    """A data set whose pictures are 8 x 8 of one gray, their number; written in a random order."""
    counts = {"train": train, "val": val}
    places = [(half, name, n) for half in counts for name in classes for n in range(counts[half])]
    random.Random(0).shuffle(places)
    for half, name, n in places:
        (root / half / name).mkdir(parents=True, exist_ok=True)
        level = 100 * (half == "val") + 10 * classes.index(name) + n
        suffix = (".png", ".PNG", ".webp")[n % 3]
        options = {"lossless": True} if suffix == ".webp" else {}
        Image.new("RGB", (8, 8), (level, level, level)).save(root / half / name / f"{n}{suffix}", **options)
    return root
