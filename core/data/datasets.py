"""Data sets to train and to measure on: a folder with a subfolder for each class, or scenes that Fovea draws itself."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from core.data import scenes
from core.types import InvalidInput

IMAGENETTE = {
    "n01440764": "tench",
    "n02102040": "English springer",
    "n02979186": "cassette player",
    "n03000684": "chain saw",
    "n03028079": "church",
    "n03394916": "French horn",
    "n03417042": "garbage truck",
    "n03425413": "gas pump",
    "n03445777": "golf ball",
    "n03888257": "parachute",
}
SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}


@dataclass(frozen=True, eq=False)
class Split:
    """Pictures with their classes: ``labels`` (n,) int64 and ``read(i)`` -> (h, w, 3) uint8."""

    labels: np.ndarray
    read: Callable[[int], np.ndarray]

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True, eq=False)
class Dataset:
    """A training and a validation split over the same ``classes``."""

    name: str
    classes: tuple[str, ...]
    training: Split
    validation: Split


def find_folder(folder: str | Path | None = None) -> Path | None:
    """The folder with ``train`` and ``val`` in ``folder`` (default: the variable FOVEA_DATA), or None."""
    root = folder or os.environ.get("FOVEA_DATA")
    if not root:
        return None
    candidates = [Path(root), *sorted(Path(root).glob("imagenette2*"))]
    return next((one for one in candidates if (one / "train").is_dir() and (one / "val").is_dir()), None)


def list_pictures(folder: Path) -> tuple[list[str], list[Path], np.ndarray]:
    """Class folders' names in order, the pictures' paths in order, and each one's class index (n,)."""
    names = sorted(one.name for one in folder.iterdir() if one.is_dir())
    paths, labels = [], []
    for index, name in enumerate(names):
        found = sorted(one for one in (folder / name).iterdir() if one.suffix.lower() in SUFFIXES)
        paths += found
        labels += [index] * len(found)
    return names, paths, np.array(labels, dtype=np.int64)


def read_file(path: Path, short: int = 160) -> np.ndarray:
    """An (h, w, 3) uint8 picture whose short side is at most ``short`` pixels."""
    with Image.open(path) as image:
        image = image.convert("RGB")
        scale = short / min(image.size)
        if scale < 1:
            image = image.resize([max(short, round(side * scale)) for side in image.size], Image.Resampling.BILINEAR)
        return np.asarray(image)


def open_folder(folder: str | Path | None) -> Dataset:
    """The data set in a folder with ``train/<class>`` and ``val/<class>``; Imagenette's folders get their plain names.

    Raises:
        InvalidInput: there is no such folder, or its two halves have different classes.
    """
    root = find_folder(folder)
    if root is None:
        raise InvalidInput(
            f"No data set in {folder or 'the folder that FOVEA_DATA names'}: give a folder that holds train/ and val/, "
            "each with a subfolder for each class."
        )
    names, paths, labels = list_pictures(root / "train")
    val_names, val_paths, val_labels = list_pictures(root / "val")
    if names != val_names or len(names) < 2:
        raise InvalidInput(f"train/ and val/ in {root} must hold the same class folders, two or more.")
    classes = tuple(IMAGENETTE.get(name, name) for name in names)
    return Dataset(
        root.name,
        classes,
        Split(labels, lambda i: read_file(paths[i])),
        Split(val_labels, lambda i: read_file(val_paths[i])),
    )


def _draw(seeds: Sequence[int]) -> tuple[np.ndarray, list[int]]:
    drawn = [scenes.draw(seed) for seed in seeds]
    return np.stack([scene.pixels for scene in drawn]), [scene.label for scene in drawn]


def _draw_split(split: str, count: int) -> Split:
    seeds = list(scenes.seeds(split, count))
    with ProcessPoolExecutor() as pool:
        parts = list(pool.map(_draw, [seeds[i : i + 250] for i in range(0, count, 250)]))
    pixels = np.concatenate([pixels for pixels, _ in parts])
    labels = np.array([label for _, part in parts for label in part], dtype=np.int64)
    return Split(labels, pixels.__getitem__)


def draw_scenes(training: int = 20_000, validation: int = 3_000) -> Dataset:
    """Scenes of 128 px, drawn in all processes of the machine; the two splits share no seed."""
    return Dataset("scenes", scenes.OBJECTS, _draw_split("train", training), _draw_split("val", validation))


def open_dataset(family: str, folder: str | Path | None = None) -> Dataset:
    """The data set that a family of models is trained on: made for ``scenes``, else read from ``folder``."""
    return draw_scenes() if family == "scenes" else open_folder(folder)
