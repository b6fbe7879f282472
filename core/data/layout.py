"""The layout of pictures in folders: a folder for each class, within or around folders for the splits."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from core.data.names import readable
from core.types import InvalidInput

ALL_SPLITS = "all"
"""Selects the pictures of every split."""

KINDS = {
    "val": {"val", "valid", "validation", "validate", "validating", "valset", "dev", "devset", "eval", "evaluation"},
    "test": {"test", "testing", "tests", "testset", "tst", "holdout"},
    "train": {"train", "training", "trainset", "trn"},
}
"""The names of splits by kind; the first of these kinds that exists is taken."""
FILLING = {"set", "data", "dataset", "images", "image", "imgs", "img", "pictures", "photos", "split", "subset",
           "samples", "seg", "folder", "dir", "jpg", "png"}  # fmt: skip
"""Words in folder names that do not identify a split."""


@dataclass(frozen=True)
class Layout:
    """Pictures with the class folder of each, None without one.

    ``splits`` are all splits by their names in the data, and ``split`` the one that was taken. ``inside`` is its
    folder, if all of its pictures lie in one.
    """

    paths: list[str]
    labels: list[str | None]
    split: str | None = None
    splits: tuple[str, ...] = ()
    inside: str = ""


def kind_of(name: str) -> str | None:
    """The kind of split that a name of a folder or a value stands for, or None."""
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()
    words = [one for one in re.split(r"[\W\d_]+", apart) if one and one not in FILLING]
    return next((kind for kind, known in KINDS.items() if len(words) == 1 and words[0] in known), None)


def parted(names: Iterable[str]) -> bool:
    """Whether folders of these names are splits: two kinds or more; others only if there is a training split."""
    kinds = {kind_of(one) for one in names}
    return len(kinds - {None}) > 1 and (None not in kinds or "train" in kinds)


def choose_split(names: Iterable[str], split: str | None = None) -> str:
    """The requested split, by its name or its kind; by default the first of validation, test and training.

    Raises:
        InvalidInput: there is no such split.
    """
    names = sorted(names)
    if split is None:
        return next(one for kind in KINDS for one in names if kind_of(one) == kind)
    same = [one for one in names if one == split] or [one for one in names if one.lower() == split.lower()]
    same = same or [one for one in names if kind_of(one) and kind_of(one) == kind_of(split)]
    if len(same) != 1:
        raise InvalidInput(
            "The data set has no split '{split}'. Choose one of: {splits}.",
            split=split,
            splits=[*names, ALL_SPLITS],
        )
    return same[0]


def arrange(paths: Sequence[str], split: str | None = None) -> Layout:
    """Select pictures in folders, and find their labels.

    Folders that hold all others are skipped. If the folders are splits, or those of all classes hold splits, one split
    is taken, see ``choose``; ``ALL_SPLITS`` takes all of them.

    Raises:
        InvalidInput: there is no such split.
    """
    parts = [path.split("/") for path in paths]
    depth = pass_through(parts)
    first, second = ({one[at] for one in parts if len(one) > at + 1} for at in (depth, depth + 1))
    level = next((at for at, names in ((depth, first), (depth + 1, second)) if parted(names)), None)
    if level is None or (level > depth and any(len(one) < depth + 3 for one in parts)):
        if split not in (None, ALL_SPLITS):
            raise InvalidInput(
                "There is no split '{split}', because the data set is not divided into splits. Leave out the split.",
                split=split,
            )
        return Layout(list(paths), [sorted_into(one, depth) for one in parts])
    splits = tuple(sorted(first if level == depth else second))
    if split == ALL_SPLITS:
        each = [arrange_one(parts, level, depth, one) for one in splits]
        paths, labels = ([item for one in each for item in getattr(one, key)] for key in ("paths", "labels"))
        return Layout(paths, labels, ALL_SPLITS, splits)
    chosen = choose_split(splits, split)
    found = arrange_one(parts, level, depth, chosen)
    return Layout(found.paths, found.labels, chosen, splits, found.inside)


def arrange_one(parts: list[list[str]], level: int, depth: int, chosen: str) -> Layout:
    """The pictures of one split; its folder is at depth ``level``."""
    own = [one for one in parts if len(one) > level + 1 and one[level] == chosen]
    if level > depth:  # within the folders of the classes
        return Layout(["/".join(one) for one in own], [sorted_into(one, depth) for one in own])
    into = pass_through(own, depth + 1)
    inside = "/".join(own[0][: depth + 1])
    return Layout(["/".join(one) for one in own], [sorted_into(one, into) for one in own], inside=inside)


def pass_through(parts: list[list[str]], depth: int = 0) -> int:
    """The depth of the first folders that differ between pictures."""
    while parts and all(len(one) > depth + 2 and one[depth] == parts[0][depth] for one in parts):
        depth += 1
    return depth


def sorted_into(parts: list[str], depth: int) -> str | None:
    """The label of a picture: the folder at that depth."""
    return readable(parts[depth]) if len(parts) > depth + 1 else None
