"""Pictures in a folder, with or without subfolders."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

from core.data.collection import Collection, Taken, collect, read_picture, stamp
from core.data.layout import ALL_SPLITS, Layout, arrange, arrange_one, choose_split, parted
from core.data.names import shown, stored
from core.data.walking import folders, walk


def list_folder(root: Path, split: str | None = None) -> Collection:
    """The pictures in a folder; if it holds splits, those of one split, see ``layout``.

    The folder itself may be the requested split, by its name.

    Raises:
        InvalidInput: it holds no picture, no such split, or cannot be read.
    """
    root = root.absolute()
    layout = lay_out(root, split)
    if layout.inside:
        root, start = root / stored(layout.inside), len(layout.inside) + 1
        layout = replace(layout, paths=[path[start:] for path in layout.paths])
    stamps = (stamp(root / stored(path)) for path in layout.paths)
    taken = Taken(layout.split or "", layout.splits)
    return collect(shown(str(root)), layout.paths, layout.labels, stamps, partial(read_picture, root), taken)


def lay_out(root: Path, split: str | None) -> Layout:
    """The layout of a folder. If only one of its folders is taken, the others are not read."""
    names = folders(root)
    if parted(names) and split != ALL_SPLITS:
        chosen = choose_split(names, split)
        paths = [f"{chosen}/{path}" for path in walk(root / stored(chosen))]
        if paths:
            layout = arrange_one([path.split("/") for path in paths], 0, 0, chosen)
            return replace(layout, split=chosen, splits=tuple(names))
    elif split == shown(root.name):
        split = None
    return arrange(list(walk(root)), split)
