"""Scans that take a second: made pictures in folders, a narrow model with random weights, a mapping between the two."""

from __future__ import annotations

import subprocess
import time
import zipfile
from importlib import import_module
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from core.scanning import Run
from core.scanning.parts import list_parts
from core.scanning.run import ARRAYS
from core.scenes.drawing import OBJECTS
from tests.conftest import CLASSES

MAPPING = dict(zip(OBJECTS, CLASSES, strict=True))
"""What the small models call the objects in the scenes."""

LOOP = import_module("core.scanning.scan")
"""The module, for what the tests change in it; the package has the function of that name."""


def draw(path: Path, seed: int, side: int = 40) -> Path:
    """A picture of soft patches in a file; its folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    patches = np.random.default_rng(seed).integers(0, 255, (5, 5, 3), dtype=np.uint8)
    Image.fromarray(patches).resize((side, side), Image.Resampling.BILINEAR).save(path)
    return path


def fill(root: Path, each: int = 9, classes: tuple[str, ...] = CLASSES[:4]) -> Path:
    """A folder with a subfolder for each class and so many pictures in each."""
    for index, name in enumerate(classes):
        for n in range(each):
            draw(root / name / f"{n:02}.png", 100 * index + n)
    return root


def assert_same(one: Run, other: Run) -> None:
    """The same rows, maps and all, to the last bit, each once and none missing."""
    first, second = one.table(), other.table()
    pd.testing.assert_frame_equal(first, second)
    assert first["number"].is_unique and one.finished and other.finished
    pd.testing.assert_frame_equal(one.broken(), other.broken())
    for name in ARRAYS:
        assert one.keeps(name) == other.keeps(name)
        if one.keeps(name):
            assert np.array_equal(one.array(name), other.array(name)), name


ROOT = Path(__file__).resolve().parents[2]


def scanned(folder: Path) -> int:
    """How many pictures lie in parts."""
    return sum(part.stop - part.first for part in list_parts(folder)) if folder.is_dir() else 0


def wait_for(more: int, folder: Path, process: subprocess.Popen) -> None:
    """Until so many pictures are in parts."""
    until = time.monotonic() + 400
    while scanned(folder) < more and process.poll() is None:
        assert time.monotonic() < until, "nothing was scanned"
        time.sleep(0.01)


def pack(folder: Path, file: Path) -> Path:
    """A zip of a folder."""
    with zipfile.ZipFile(file, "w") as packed:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                packed.write(path, path.relative_to(folder))
    return file
