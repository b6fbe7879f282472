"""Data sets to train and to measure on, by name or by folder: scenes, torchvision's sets, folders of classes."""

from __future__ import annotations

from pathlib import Path

from core.data.drawn import draw_scenes, draw_task
from core.data.fetching import CIFAR, fetch_imagenette, open_cifar
from core.data.folders import IMAGENETTE, find_folder, home, open_folder
from core.data.split import Dataset, Split, hold
from core.data.walking import SUFFIXES
from core.scenes.shortcuts import SHORTCUTS
from core.tasks import TASKS, find_task
from core.types import InvalidInput

DRAWN = (*SHORTCUTS, *(one.slug for one in TASKS))
"""The families whose pictures Fovea draws."""
NAMES = ("imagenette", *CIFAR, *DRAWN)
"""The data sets that have a name; a family of models that is called so is trained on it."""

__all__ = [
    "IMAGENETTE",
    "NAMES",
    "SUFFIXES",
    "Dataset",
    "Split",
    "draw_scenes",
    "draw_task",
    "fetch_imagenette",
    "find_folder",
    "hold",
    "home",
    "open_cifar",
    "open_dataset",
    "open_folder",
]


def open_dataset(family: str, data: str | Path | None = None, *, download: bool = False) -> Dataset:
    """The data set that a family of models is trained on; ``data`` is a folder to look in, or another one's name.

    Scenes are drawn; what is not there is downloaded only with ``download``, and if torchvision has it.

    Raises:
        InvalidInput: it is not there, or cannot be downloaded, or is drawn and needs no folder.
    """
    name, folder = (str(data), None) if str(data) in NAMES else (family, data)
    task = find_task(name)
    if folder is not None and (task or name in SHORTCUTS):
        raise InvalidInput(
            "The pictures of {family} are drawn, not read from a folder. Leave the folder out, or name the model after "
            "a family of your own, such as mine/cbam.",
            family=name,
        )
    if name in SHORTCUTS:
        return draw_scenes(name)
    if task:
        return draw_task(task)
    if name in CIFAR:
        return open_cifar(name, folder, download=download)
    if download and name == "imagenette" and find_folder(folder) is None:
        return open_folder(fetch_imagenette(Path(folder) if folder else None))
    return open_folder(folder)
