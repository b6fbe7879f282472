"""Open collections by name or path (synthetic pictures, Imagenette, a folder, a zip, a CSV), and single pictures."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from random import Random

import numpy as np

from core import checking, scenes
from core.data.archive import Archive, list_zip
from core.data.collection import Collection, read_picture, stamp
from core.data.datasets import DRAWN
from core.data.folders import find_folder
from core.data.listed import list_folder
from core.data.names import shown, stored
from core.data.samples import task_layout
from core.data.table import list_csv
from core.images import open_image
from core.scenes.shortcuts import HOMES, SHORTCUTS
from core.tasks import draw_pixels, find_task
from core.types import InvalidInput, Picture

SEED = 2
"""The seed of the scenes and tasks for evaluation; seed 1 is for training."""
PICTURES = 1000
SEEDS = 100_000_000
IMAGENETTE = "imagenette"


@dataclass(frozen=True, eq=False)
class Computed(Sequence[str]):
    """A sequence of ``length`` strings that are computed on access, to save memory."""

    length: int
    make: Callable[[int], str]

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> str:  # type: ignore[override]  # slices are not used
        if not 0 <= index < self.length:
            raise IndexError(index)
        return self.make(index)


def open_collection(
    data: str | Path,
    *,
    seed: int = SEED,
    pictures: int = PICTURES,
    split: str | None = None,
    columns: Mapping[str, str | None] | None = None,
) -> Collection:
    """The pictures of a family that is ``DRAWN``, or of ``imagenette``, of a folder, a zip or a CSV.

    ``seed`` and ``pictures`` choose the drawn pictures; about half of those in ``scenes-tag`` and ``scenes-place`` have
    the tag, or the background, of their own class. If the data have splits, such as ``train`` and ``val``, one is
    taken: ``split``, by default the first of validation, test and training; "all" takes all of them. ``columns`` names
    the headings of a CSV for ``path``, ``label`` and ``split``, None for no such column; any other column is found by
    its content. ``taken`` of the collection states how the data were interpreted.

    Raises:
        InvalidInput: there are no such data, no such split or column, or no picture in them.
    """
    if str(data) in DRAWN:
        return draw_collection(str(data), seed, pictures)
    if not isinstance(data, str | Path):
        raise InvalidInput(
            "Give the path of a folder, zip or CSV, or a name such as scenes, not {given}.", given=checking.brief(data)
        )
    place = find_folder() if str(data) == IMAGENETTE else find_data(data)
    if place is None:
        raise InvalidInput(
            "Imagenette is not on this machine. Download it, or set FOVEA_DATA to the folder with its train/ and val/."
        )
    if os.path.isdir(place):
        return list_folder(find_folder(place) or place, split)
    if os.path.isfile(place) and place.suffix.lower() == ".zip":
        return list_zip(place, split)
    if os.path.isfile(place) and place.suffix.lower() in (".csv", ".tsv"):
        return list_csv(place, split, columns)
    raise InvalidInput(
        "There is no folder, zip or CSV {path}. Check the path, or choose one of: {names}.",
        path=shown(str(data)),
        names=[*DRAWN, IMAGENETTE],
    )


def find_data(data: str | Path) -> Path:
    """The path, also in the form of a collection's ``origin``."""
    return next((one for one in (Path(data), Path(stored(str(data)))) if os.path.exists(one)), Path(data))


def draw_collection(family: str, seed: int, pictures: int) -> Collection:
    """The first scenes, or pictures of a task, of a seed, drawn when they are read; their paths are samples' slugs."""
    seed = checking.whole(seed, 0, SEEDS - 1, "The seed of the scenes")
    pictures = checking.whole(pictures, 1, None, "The number of scenes")
    seeds, task = scenes.series(seed, pictures), find_task(family)

    def path(index: int) -> str:
        stated = SHORTCUTS.get(family) and Random(f"half {seeds[index]}").random() < 0.5
        return f"{family if task or stated else 'scenes'}/{seeds[index]}"

    def label(index: int) -> str:
        return task.compose(seeds[index], None).answer if task else scenes.plan(seeds[index]).object

    return Collection(
        family,
        f"{family} {seed} {pictures}",
        Computed(pictures, path),
        Computed(pictures, label),
        task.classes if task else scenes.OBJECTS,
        np.broadcast_to(np.zeros(2, np.int64), (pictures, 2)),
        lambda index: draw_picture(path(index)),
    )


def draw_picture(slug: str) -> Picture:
    """The picture of a slug of a family that is ``DRAWN``, as its models are measured on it: 128 px.

    Raises:
        InvalidInput: there is no such picture.
    """
    if find_task(slug.partition("/")[0]):
        return open_image(draw_pixels(task_layout(slug)), name=slug)
    return draw_scene(slug)


def draw_scene(slug: str) -> Picture:
    """The scene of a slug, as for evaluation: 128 px, with the shortcut of its own class if it has one."""
    family, _, seed = slug.partition("/")
    if family not in SHORTCUTS or not seed.isdecimal():
        raise InvalidInput("There is no scene '{slug}'. Scenes have numbers, such as scenes/42.", slug=slug)
    plan = scenes.plan(int(seed))
    tag = plan.label if SHORTCUTS[family] == "tag" else None
    background = HOMES[plan.object] if SHORTCUTS[family] == "background" else None
    return open_image(scenes.draw(int(seed), tag=tag, background=background).pixels, name=slug)


def open_picture(origin: str, path: str) -> Picture:
    """One picture again, by its path in the collection that ``origin`` opens.

    Raises:
        InvalidInput: it no longer exists, or is broken.
    """
    if origin in DRAWN:
        return draw_picture(path)
    place = find_data(origin)
    if place.suffix.lower() == ".zip" and not place.is_dir():
        return _archive(place, stamp(place)).read(path)
    return read_picture(place if place.is_dir() else place.parent, path)


@lru_cache(maxsize=4)
def _archive(file: Path, state: tuple[int, int]) -> Archive:
    """The open zip, cached while its file is unchanged, because its table of contents is long."""
    return Archive(file)
