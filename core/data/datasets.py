"""Data sets for training and evaluation, by name or by folder: scenes, torchvision's data sets, class folders."""

from __future__ import annotations

from pathlib import Path

from core.data.drawn import draw_scenes, draw_task
from core.data.fetching import CIFAR, fetch_imagenette, open_cifar
from core.data.folders import IMAGENETTE, find_folder, open_folder
from core.data.split import Dataset, Split, hold
from core.data.walking import SUFFIXES
from core.scenes.shortcuts import SHORTCUTS
from core.tasks import TASKS, find_task
from core.tasks import task as named_task
from core.types import InvalidInput

DRAWN = (*SHORTCUTS, *(one.slug for one in TASKS))
"""The families whose pictures are drawn by Fovea."""
NAMES = ("imagenette", *CIFAR, *DRAWN)
"""The named data sets; a family of models with the same name is trained on it."""
PREFIX = "tasks-"
"""With which the families of tasks begin."""

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
    "open_cifar",
    "open_dataset",
    "open_folder",
]


def open_dataset(family: str, data: str | Path | None = None, *, download: bool = False) -> Dataset:
    """Open the training data of a family of models; ``data`` is a folder, or the name of another data set.

    Scenes are drawn. A missing data set is downloaded only with ``download``, and if torchvision provides it.

    Raises:
        InvalidInput: it is missing, cannot be downloaded, or is drawn although a folder was given.
    """
    name, folder = (str(data), None) if str(data) in NAMES else (family, data)
    task = named_task(name) if folder is None and name.startswith(PREFIX) else find_task(name)
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
