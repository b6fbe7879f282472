"""Find the columns of a table: by the content of their cells, then by their headings."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from core.data.layout import kind_of
from core.data.locating import Places, locate
from core.data.names import shown
from core.types import InvalidInput

NO_COLUMN, ONE_HOT = "", "one column for each class"
"""No column; and the label column of a one-hot table, with a column for each class and a 1 in that of the picture."""

PATHS = ("path", "filepath", "filepaths", "file_path", "image_path", "img_path", "picture_path", "paths", "file_paths",
         "file", "files", "filename", "filenames", "file_name", "file_names", "image_file", "image_filename",
         "image_name", "img_name", "imagename", "image", "images", "img", "imgs", "picture", "pictures", "photo",
         "name", "image_id", "img_id", "imageid", "id", "id_code", "uri")  # fmt: skip
LABELS = ("label", "labels", "class", "classes", "class_name", "class_names", "classname", "label_name", "category",
          "categories", "category_name", "target", "targets", "true", "truth", "ground_truth", "true_label", "gt",
          "species", "breed", "variety", "diagnosis", "dx", "y", "tag", "tags", "type", "annotation", "class_id",
          "classid", "category_id", "label_id", "target_id", "class_index", "class_idx", "label_idx", "level",
          "grade")  # fmt: skip
SPLITS = ("split", "splits", "data_set", "dataset", "set", "subset", "partition", "phase", "usage", "mode", "fold")
"""Known headings of the columns of a table, the most likely first; a space between words counts as ``_``."""

SAMPLE = 50
"""Rows that are examined to find what a column holds."""
FEW = 0.2
"""The share of these rows that must name a picture in a column of paths."""


@dataclass(frozen=True)
class Columns:
    """The columns of paths, labels and splits by index, None for no such column.

    ``heading`` is the number of heading rows, 0 or 1, and ``one_hot`` the columns of classes, each with its class.
    """

    names: tuple[str, ...]
    heading: int
    path: int
    label: int | None = None
    split: int | None = None
    one_hot: tuple[tuple[int, str], ...] = ()

    @property
    def headings(self) -> tuple[str, ...]:
        """The names of the columns, and "one column for each class" where that can be read as the label."""
        return (*self.names, *([ONE_HOT] if self.one_hot else []))

    def cell(self, row: Sequence[str], place: int | None) -> str:
        """A cell of a row, "" if there is none."""
        return row[place] if place is not None and place < len(row) else ""

    def label_of(self, row: Sequence[str]) -> str | None:
        """The label of a row, or None."""
        if self.label is None and self.one_hot:
            marked = [name for place, name in self.one_hot if is_one(self.cell(row, place))]
            return marked[0] if len(marked) == 1 else None
        return self.cell(row, self.label) or None

    def roles(self) -> dict[str, str]:
        """The name of the column that was read as path, label and split; ``NO_COLUMN`` for none."""
        label, split = (NO_COLUMN if one is None else self.names[one] for one in (self.label, self.split))
        return {
            "path": self.names[self.path],
            "label": label or (ONE_HOT if self.one_hot else NO_COLUMN),
            "split": split,
        }


def find_columns(rows: Sequence[Sequence[str]], places: Places, given: Mapping[str, str | None], name: str) -> Columns:
    """The columns of a table; those in ``given`` by their headings, the others found by their content.

    Raises:
        InvalidInput: there is no column of paths, or none with that heading.
    """
    if stray := [key for key in given if key not in ("path", "label", "split")]:
        raise InvalidInput("A table has the columns path, label and split, not '{name}'.", name=stray[0])
    filled = [row for row in rows if any(row)]
    body = filled[1 : SAMPLE + 1] or filled[:1]
    width = max((len(row) for row in body), default=0)
    shares = [places.share([row[at] for row in filled[: SAMPLE + 1] if len(row) > at]) for at in range(width)]
    heads = [normal(cell) for cell in filled[0]] if filled else []

    def rank(at: int, known: Sequence[str]) -> int:
        return known.index(heads[at]) if at < len(heads) and heads[at] in known else len(known)

    best = max(range(width), key=lambda at: (shares[at], -rank(at, PATHS), -at), default=0)
    if not shares or shares[best] < FEW:
        raise InvalidInput(
            "{name} is not a table of pictures: hardly any line contains the path of a "
            "picture. Write one path per line.",
            name=name,
        )
    heading = int(is_heading(filled, heads, best, places))
    counts = [len(row) for row in body]
    if not heading or len(filled[0]) != max(set(counts), key=counts.count):
        heads = []  # a heading with more or fewer cells cannot be assigned to the columns
    names = name_columns(filled[0] if heads else (), width)
    body = filled[heading : SAMPLE + heading]

    def place(key: str) -> int | None:
        if given[key] in (None, NO_COLUMN):
            return None
        if given[key] not in names:
            raise InvalidInput(
                "{name} has no column '{column}'. It has: {columns}.", name=name, column=given[key], columns=list(names)
            )
        return names.index(given[key])

    own = place("path") if given.get("path") else None
    path = best if own is None else own
    left = [at for at in range(width) if at != path]
    split = place("split") if "split" in given else find_split(left, body, heads)
    left = [
        at
        for at in left
        if at != split and not is_count(at, body, heads) and any(len(row) > at and row[at] for row in body)
    ]
    one_hot = find_one_hot(left, filled[heading:], names) if heads else ()
    found = Columns(names, heading, path, None, split, one_hot)
    if given.get("label") == ONE_HOT and one_hot:
        return found
    if "label" in given:
        return replace(found, label=place("label"), one_hot=one_hot if given["label"] else ())
    known = sorted((at for at in left if rank(at, LABELS) < len(LABELS)), key=lambda at: rank(at, LABELS))
    words = [at for at in known if rank(at, LABELS) < LABELS.index("y") and not is_number(at, body)]
    if known:
        return replace(found, label=(words or known)[0])
    if one_hot:
        return found
    if not heads:  # without headings, take the next one
        return replace(found, label=next((at for at in left if at > path), left[0] if left else None))
    alone = len(left) == 1 and not shares[left[0]] and not is_number(left[0], body, "[.,]")
    return replace(found, label=left[0] if alone else None)


def name_columns(heading: Sequence[str], width: int) -> tuple[str, ...]:
    """The names of the columns: their headings, or their numbers from 1 where these are empty."""
    found = [shown(heading[at]) if at < len(heading) else "" for at in range(width)]
    return tuple(
        one if one and found.count(one) == 1 else f"{one} column {at}".strip() for at, one in enumerate(found, 1)
    )


def normal(heading: str) -> str:
    """A heading in the form in which it is compared."""
    return re.sub(r"[\W_]+", "_", heading.lower()).strip("_")


def is_heading(filled: Sequence[Sequence[str]], heads: Sequence[str], path: int, places: Places) -> bool:
    """Whether the first row holds the headings: it names no picture, but it is known, or later rows do."""
    column = [row[path] for row in filled[: SAMPLE + 1] if len(row) > path]
    if len(filled[0]) > path and locate(places, column[1:] or column).resolve(filled[0][path]) is not None:
        return False
    return len(filled) > 1 or any(one in PATHS for one in heads)


def is_count(at: int, body: Sequence[Sequence[str]], heads: Sequence[str]) -> bool:
    """Whether the first column only counts the rows, like an index written by pandas."""
    cells = [row[at] for row in body if len(row) > at]
    if at > 0 or len(set(cells)) < len(cells) or not all(cell.isdecimal() and len(cell) < 12 for cell in cells):
        return False
    in_order = all(int(b) == int(a) + 1 for a, b in pairwise(cells))
    return heads[at] in ("", "index", "unnamed_0", "id", "no", "nr", "row") if heads else in_order


def is_number(at: int, body: Sequence[Sequence[str]], point: str = "[.,]?") -> bool:
    """Whether a column holds numbers; with another ``point``, numbers with that decimal point."""
    cells = [row[at] for row in body if len(row) > at and row[at]]
    return bool(cells) and all(re.fullmatch(rf"[-+]?\d*{point}\d+(e[-+]?\d+)?", cell) for cell in cells)


def find_split(left: Sequence[int], body: Sequence[Sequence[str]], heads: Sequence[str]) -> int | None:
    """The column of splits: it has such a heading, and its cells are names of splits."""
    for known in SPLITS:
        for at in left:
            cells = {row[at] for row in body if len(row) > at and row[at]}
            if at < len(heads) and heads[at] == known and cells and all(map(kind_of, cells)):
                return at
    return None


def find_one_hot(
    left: Sequence[int], rows: Sequence[Sequence[str]], names: Sequence[str]
) -> tuple[tuple[int, str], ...]:
    """The columns that hold 0 and 1, if there are two or more and each row has exactly one 1 in them."""
    held = [at for at in left if all(len(row) > at and re.fullmatch(r"[01](\.0*)?", row[at]) for row in rows)]
    fits = len(held) > 1 and all(sum(is_one(row[at]) for at in held) == 1 for row in rows)
    return tuple((at, names[at]) for at in held) if fits else ()


def is_one(cell: str) -> bool:
    """Whether a cell is a one."""
    return bool(re.fullmatch(r"1(\.0*)?", cell))
