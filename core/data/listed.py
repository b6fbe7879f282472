"""Pictures in a folder, sorted into subfolders or not."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

from core.data.collection import Collection, Taken, collect, read_picture, stamp
from core.data.layout import ALL_SPLITS, Layout, arrange, arrange_one, choose, parted
from core.data.names import shown, stored
from core.data.walking import folders, walk


def list_folder(root: Path, split: str | None = None) -> Collection:
    """The pictures in a folder; of one that holds splits, the pictures of one of them: see ``layout``.

    A folder may be called by the name of the split that it is.

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
    """What is to be taken of the pictures in a folder; where that is one folder in it, no other is gone through."""
    names = folders(root)
    if parted(names) and split != ALL_SPLITS:
        chosen = choose(names, split)
        paths = [f"{chosen}/{path}" for path in walk(root / stored(chosen))]
        if paths:
            layout = arrange_one([path.split("/") for path in paths], 0, 0, chosen)
            return replace(layout, split=chosen, splits=tuple(names))
    elif split == shown(root.name):
        split = None
    return arrange(list(walk(root)), split)
