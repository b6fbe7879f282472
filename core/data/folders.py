"""Folders of pictures as data sets: a subfolder for each class, in train/ and val/ or without splits."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random

import numpy as np
from PIL import Image

from core.data.layout import kind_of, parted
from core.data.names import readable, shown, stored
from core.data.split import Dataset, Split
from core.data.walking import SUFFIXES, folders, walk
from core.files import home
from core.images import open_image
from core.messages import Message
from core.terms import imagenet_terms
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
KEPT = 0.1  # the share of each class for validation, where a folder has no splits


@dataclass(frozen=True, eq=False)
class Listing:
    """The names of the class folders, the paths of the pictures, their class indices (n,), and the files left out.

    The files left out are pictures in other formats than JPEG, PNG and WebP.
    """

    names: list[str]
    paths: list[Path]
    labels: np.ndarray
    left: Sequence[Path] = ()


def place(folder: str | Path | None) -> Path:
    """``folder``, else the one that FOVEA_DATA names, else ``home()``."""
    return Path(folder or os.environ.get("FOVEA_DATA") or home())


def find_folder(folder: str | Path | None = None) -> Path | None:
    """The folder with ``train`` and ``val`` in ``folder`` (default: FOVEA_DATA, else ``home()``), or None."""
    root = place(folder)
    candidates = [root, *sorted(root.glob("imagenette2*"))]
    return next((one for one in candidates if (one / "train").is_dir() and (one / "val").is_dir()), None)


def list_pictures(folder: Path, root: Path) -> Listing:
    """List a folder with a subfolder for each class, at any depth.

    A folder that holds only one other folder is skipped. Paths in messages are relative to ``root``.

    Raises:
        InvalidInput: a class has no picture.
    """
    while len(inner := folders(folder)) == 1 and folders(folder / stored(inner[0])):
        folder = folder / stored(inner[0])
    paths, labels, left = [], [], []
    for index, name in enumerate(inner):
        found = [folder / stored(f"{name}/{path}") for path in walk(folder / stored(name))]
        fitting = [one for one in found if one.suffix.lower() in SUFFIXES]
        paths += fitting
        left += [one for one in found if one.suffix.lower() not in SUFFIXES]
        labels += [index] * len(fitting)
    filled = set(labels)
    empty = [name for index, name in enumerate(inner) if index not in filled]
    if empty and paths:
        inside = shown(folder.absolute().relative_to(root.absolute().parent).as_posix())
        raise InvalidInput(
            "The class folder {name} in {inside} contains no JPEG, PNG or WebP. Add pictures to it or remove it.",
            name=empty[0],
            inside=inside,
        )
    return Listing([readable(one) for one in inner], paths, np.array(labels, dtype=np.int64), left)


def reduce(pixels: np.ndarray, short: int = 160) -> np.ndarray:
    """A picture (h, w, 3) uint8 reduced to a short side of at most ``short`` pixels, for training crops."""
    height, width = pixels.shape[:2]
    scale = short / min(height, width)
    if scale >= 1:
        return pixels
    size = [max(short, round(side * scale)) for side in (width, height)]
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BILINEAR))


def _whole(pixels: np.ndarray) -> np.ndarray:
    """A picture unchanged, for evaluation as in the app."""
    return pixels


def _read(root: Path, paths: list[Path], ready: Callable[[np.ndarray], np.ndarray], index: int) -> np.ndarray:
    return ready(open_image(paths[index], name=_display_path(paths[index], root)).pixels)


def _display_path(path: Path, root: Path) -> str:
    """The name of a picture in a message: its path relative to the root."""
    return shown(path.relative_to(root).as_posix())


def terms(names: list[str]) -> str:
    """The terms of weights trained on folders with these names; ImageNet's classes are known by WordNet numbers."""
    if IMAGENETTE.keys() >= set(names):
        return imagenet_terms("Apache-2.0", Message("Imagenette, a part of ImageNet"))
    return imagenet_terms("Apache-2.0") if all(re.fullmatch(r"n\d{8}", one) for one in names) else Dataset.terms


def _dataset(root: Path, training: Listing, validation: Listing, note: str = "") -> Dataset:
    classes = tuple(IMAGENETTE.get(name, name) for name in training.names)
    train, val = (
        Split(one.labels, partial(_read, root, one.paths, ready))
        for one, ready in ((training, reduce), (validation, _whole))
    )
    left = list(dict.fromkeys([*training.left, *validation.left]))
    if left:
        first = _display_path(left[0], root)
        note += f" Files that are not JPEG, PNG or WebP are left out: {len(left)}, {first} first."
    name = shown(root.absolute().name)
    return Dataset(name, classes, train, val, note=note.strip(), terms=terms(training.names))


def part(listing: Listing, seed: int = 0) -> tuple[Listing, Listing]:
    """Split a listing into training and validation, a tenth of each class, at least one, drawn with ``seed``."""
    chance = Random(seed)
    kept: set[int] = set()
    for index in range(len(listing.names)):
        own = np.flatnonzero(listing.labels == index).tolist()
        kept.update(chance.sample(own, max(1, round(KEPT * len(own)))) if len(own) > 1 else ())

    def half(wanted: Iterable[int]) -> Listing:
        chosen = list(wanted)
        return Listing(listing.names, [listing.paths[i] for i in chosen], listing.labels[chosen], listing.left)

    return half(i for i in range(len(listing.paths)) if i not in kept), half(sorted(kept))


def open_folder(folder: str | Path | None) -> Dataset:
    """The data set in a folder with ``train/<class>`` and ``val/<class>``; Imagenette's folders get their plain names.

    Both may have the other names that ``layout`` knows. Without a validation split the test split is used. Without
    either, or without any splits, a tenth of the pictures of each class is used for validation, and a note states it.

    Raises:
        InvalidInput: there is no such folder, its two splits have different classes, or a class has no picture.
    """
    root = find_folder(folder) or place(folder)
    while root.is_dir() and len(inner := folders(root)) == 1 and parted(folders(root / stored(inner[0]))):
        root = root / stored(inner[0])
    names = folders(root) if root.is_dir() else []
    halves = {kind: one for one in reversed(names) if (kind := kind_of(one))}
    if "train" in halves and parted(names):
        measured = halves.get("val") or halves["test"]
        training, validation = (list_pictures(root / stored(one), root) for one in (halves["train"], measured))
        if training.names != validation.names or len(training.names) < 2:
            raise InvalidInput(
                "{train}/ and {val}/ in {folder} must contain the same class folders, two or more.",
                train=halves["train"],
                val=measured,
                folder=shown(str(root)),
            )
        if not (training.paths and validation.paths):
            raise InvalidInput(
                "The class folders in {folder} must contain JPEG, PNG or WebP pictures, in {train}/ and in {val}/.",
                folder=shown(str(root)),
                train=halves["train"],
                val=measured,
            )
        name = shown(root.absolute().name)
        note = "" if "val" in halves else f"There is no val/ in {name}, so {measured}/ is used for validation."
        return _dataset(root, training, validation, note)
    for one in (*([root / stored(halves["train"])] if "train" in halves else []), root):
        whole = list_pictures(one, root) if one.is_dir() else Listing([], [], np.zeros(0, np.int64))
        training, validation = part(whole)
        if validation.paths and len(np.unique(whole.labels)) > 1:
            name = shown(root.absolute().name)
            note = f"There is no val/ in {name}, so a tenth of each class, drawn with seed 0, is kept for validation."
            return _dataset(root, training, validation, note)
    if not folder and not os.environ.get("FOVEA_DATA"):
        raise InvalidInput(
            "No data set was given. Give a folder with train/ and val/, each with a subfolder for each class, or name "
            "it in FOVEA_DATA."
        )
    if not folder:
        raise InvalidInput(
            "There is no data set in the folder that FOVEA_DATA names. Give a folder with train/ and val/, each with a "
            "subfolder for each class."
        )
    raise InvalidInput(
        "There is no data set in {folder}. Give a folder with train/ and val/, each with a subfolder for each class.",
        folder=shown(str(folder)),
    )
