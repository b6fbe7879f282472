"""Data sets to train and to measure on: a folder with a subfolder for each class, or scenes that Fovea draws itself."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from urllib.request import Request, urlopen

import numpy as np
from PIL import Image
from torchvision.datasets import Imagenette

from core.data import scenes
from core.images import open_image
from core.types import InvalidInput, Progress

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
    """The folder with ``train`` and ``val`` in ``folder`` (default: FOVEA_DATA, else ``home()``), or None."""
    root = Path(folder or os.environ.get("FOVEA_DATA") or home())
    candidates = [root, *sorted(root.glob("imagenette2*"))]
    return next((one for one in candidates if (one / "train").is_dir() and (one / "val").is_dir()), None)


def home() -> Path:
    """The folder that ``fetch_imagenette`` fills: ``fovea`` in the user's cache folder."""
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "fovea"


def _length(address: str) -> int:
    """The bytes behind an address, as its server tells them."""
    with urlopen(Request(address, method="HEAD"), timeout=30) as answer:
        return int(answer.headers["Content-Length"])


def fetch_imagenette(root: Path | None = None, progress: Progress | None = None) -> Path:
    """Fetch Imagenette at 160 px by torchvision, check and unpack it; the folder that holds train/ and val/.

    ``progress(bytes, total)`` is called twice a second with what has arrived, in the caller's thread.

    Raises:
        InvalidInput: it cannot be fetched, from no network for example; nothing half done is left then.
    """
    root = root or home()
    root.mkdir(parents=True, exist_ok=True)
    address = Imagenette._ARCHIVES["160px"][0]
    archive = root / address.rpartition("/")[2]
    with ThreadPoolExecutor(1) as pool:
        total = pool.submit(_length, address)
        future = pool.submit(Imagenette, str(root), size="160px", download=True)
        while not future.done():
            wait([future], timeout=0.5)
            if progress and total.done() and not total.exception() and archive.exists():
                progress(min(archive.stat().st_size, total.result()), total.result())
    if future.exception() is not None:
        shutil.rmtree(root / archive.name.removesuffix(".tgz"), ignore_errors=True)
        archive.unlink(missing_ok=True)
        raise InvalidInput(
            f"Imagenette could not be fetched ({future.exception()}); look at the network, or unpack "
            f"{archive.name} into {root} by hand."
        ) from future.exception()
    archive.unlink(missing_ok=True)
    return root / archive.name.removesuffix(".tgz")


def list_pictures(folder: Path) -> tuple[list[str], list[Path], np.ndarray]:
    """Class folders' names in order, the pictures' paths in order, and each one's class index (n,)."""
    names = sorted(one.name for one in folder.iterdir() if one.is_dir())
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
    if not (paths and val_paths):
        raise InvalidInput(f"The class folders in {root} must hold JPEG, PNG or WebP pictures, in train/ and in val/.")
    classes = tuple(IMAGENETTE.get(name, name) for name in names)
    return Dataset(
        root.name,
        classes,
        Split(labels, lambda i: reduce(open_image(paths[i]).pixels)),
        Split(val_labels, lambda i: open_image(val_paths[i]).pixels),  # whole: measured as the app sees it
    )


def _draw_split(split: str, count: int) -> Split:
    seeds = list(scenes.seeds(split, count))
    labels = [scenes.OBJECTS.index(scenes.plan(seed).object) for seed in seeds]
    return Split(np.array(labels, dtype=np.int64), lambda i: scenes.draw(seeds[i]).pixels)


def draw_scenes(training: int = 12_000, validation: int = 3_000) -> Dataset:
    """Scenes of 128 px, each drawn when it is read; the two splits share no seed."""
    return Dataset("scenes", scenes.OBJECTS, _draw_split("train", training), _draw_split("val", validation))


def open_dataset(family: str, folder: str | Path | None = None) -> Dataset:
    """The data set that a family of models is trained on: made for ``scenes``, else read from ``folder``."""
    return draw_scenes() if family == "scenes" else open_folder(folder)
