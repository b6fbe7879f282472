"""Folders of pictures as data sets: a subfolder for each class, in train/ and val/ or not parted yet."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from random import Random

import numpy as np
from PIL import Image

from core.data.split import Dataset, Split
from core.images import open_image
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
TERMS = "Weights: Apache-2.0. Trained on {}, whose terms allow non-commercial research and education only."
SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}
KEPT = 0.1  # of each class for validation, where a folder is not parted

Listing = tuple[list[str], list[Path], np.ndarray]
"""Class folders' names in order, the pictures' paths in order, and each one's class index (n,)."""


def home() -> Path:
    """Where downloaded data sets lie: ``fovea`` in the user's cache folder."""
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "fovea"


def place(folder: str | Path | None) -> Path:
    """``folder``, else the one that FOVEA_DATA names, else ``home()``."""
    return Path(folder or os.environ.get("FOVEA_DATA") or home())


def find_folder(folder: str | Path | None = None) -> Path | None:
    """The folder with ``train`` and ``val`` in ``folder`` (default: FOVEA_DATA, else ``home()``), or None."""
    root = place(folder)
    candidates = [root, *sorted(root.glob("imagenette2*"))]
    return next((one for one in candidates if (one / "train").is_dir() and (one / "val").is_dir()), None)


def list_pictures(folder: Path) -> Listing:
    """What a folder with a subfolder for each class holds."""
    names = sorted(one.name for one in folder.iterdir() if one.is_dir() and not one.name.startswith("."))
    paths, labels = [], []
    for index, name in enumerate(names):
        found = sorted(one for one in (folder / name).iterdir() if one.suffix.lower() in SUFFIXES)
        paths += found
        labels += [index] * len(found)
    return names, paths, np.array(labels, dtype=np.int64)


def reduce(pixels: np.ndarray, short: int = 160) -> np.ndarray:
    """A picture (h, w, 3) uint8 with a short side of at most ``short`` pixels: what training crops are cut from."""
    height, width = pixels.shape[:2]
    scale = short / min(height, width)
    if scale >= 1:
        return pixels
    size = [max(short, round(side * scale)) for side in (width, height)]
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BILINEAR))


def _whole(pixels: np.ndarray) -> np.ndarray:
    """A picture as it is: what a model is measured on, as the app sees it."""
    return pixels


def _read(paths: list[Path], ready: Callable[[np.ndarray], np.ndarray], index: int) -> np.ndarray:
    return ready(open_image(paths[index]).pixels)


def terms(names: list[str]) -> str:
    """How weights may be used that are trained on folders of these names: ImageNet's are known by WordNet's numbers."""
    if IMAGENETTE.keys() >= set(names):
        return TERMS.format("Imagenette, a part of ImageNet")
    return TERMS.format("ImageNet") if all(re.fullmatch(r"n\d{8}", one) for one in names) else Dataset.terms


def _dataset(root: Path, training: Listing, validation: Listing, note: str = "") -> Dataset:
    (names, paths, labels), (_, val_paths, val_labels) = training, validation
    classes = tuple(IMAGENETTE.get(name, name) for name in names)
    splits = Split(labels, partial(_read, paths, reduce)), Split(val_labels, partial(_read, val_paths, _whole))
    return Dataset(root.absolute().name, classes, *splits, note=note, terms=terms(names))


def part(listing: Listing, seed: int = 0) -> tuple[Listing, Listing]:
    """A training and a validation half of one listing: of each class a tenth, at least one, drawn with ``seed``."""
    names, paths, labels = listing
    chance = Random(seed)
    kept: set[int] = set()
    for index in range(len(names)):
        own = np.flatnonzero(labels == index).tolist()
        kept.update(chance.sample(own, max(1, round(KEPT * len(own)))) if len(own) > 1 else ())

    def half(wanted: Iterable[int]) -> Listing:
        chosen = list(wanted)
        return names, [paths[i] for i in chosen], labels[chosen]

    return half(i for i in range(len(paths)) if i not in kept), half(sorted(kept))


def open_folder(folder: str | Path | None) -> Dataset:
    """The data set in a folder with ``train/<class>`` and ``val/<class>``; Imagenette's folders get their plain names.

    Where there is no ``val``, or neither, a tenth of the pictures of each class is kept for validation, and a note
    says so.

    Raises:
        InvalidInput: there is no such folder, or its two halves have different classes.
    """
    root = find_folder(folder)
    if root is not None:
        training, validation = list_pictures(root / "train"), list_pictures(root / "val")
        if training[0] != validation[0] or len(training[0]) < 2:
            raise InvalidInput(f"train/ and val/ in {root} must hold the same class folders, two or more.")
        if not (training[1] and validation[1]):
            raise InvalidInput(
                f"The class folders in {root} must hold JPEG, PNG or WebP pictures, in train/ and in val/."
            )
        return _dataset(root, training, validation)
    root = place(folder)
    for one in (root / "train", root):
        listing = list_pictures(one) if one.is_dir() else ([], [], np.zeros(0, np.int64))
        training, validation = part(listing)
        if validation[1] and len(np.unique(listing[2])) > 1:
            name = root.absolute().name
            note = f"There is no val/ in {name}: of each class a tenth, drawn with seed 0, is kept for validation."
            return _dataset(root, training, validation, note)
    raise InvalidInput(
        f"No data set in {folder or 'the folder that FOVEA_DATA names'}: give a folder that holds train/ and val/, "
        "each with a subfolder for each class."
    )
