"""Pictures listed in a CSV: which of its columns holds the paths, which the labels, and where the pictures lie.

People's tables differ in everything: separators, encodings, headings, columns of numbers before the paths, paths of
another machine. What the cells hold decides before what the columns are called, and what each was read as is stated. A
file that is no table of pictures is refused without a word of what is in it: it may be any file of the machine.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from core.data.collection import Collection, Taken, collect, read_picture, stamp
from core.data.columns import Columns, find_columns
from core.data.layout import ALL_SPLITS, choose, parted
from core.data.locating import Places, Rule, Where, locate
from core.data.names import shown, stored
from core.data.walking import shows
from core.files import open_regular, reason
from core.types import InvalidInput, Picture

LARGEST = 100 << 20  # bytes
SEPARATORS = ",;\t|"
SAMPLE = 50
"""Lines that tell how a table is made."""
CONTROLS = 0.1
"""Of the characters, how many may be no text."""
SHARE = 0.5
"""Of the lines, how many must name a picture for a file to be a table of pictures."""


def list_csv(file: Path, split: str | None = None, columns: Mapping[str, str | None] | None = None) -> Collection:
    """The pictures that a CSV lists, by paths from where it lies, with a label each where there is a column of labels.

    ``columns`` say which heading is which, see ``open_collection``.

    Raises:
        InvalidInput: it cannot be read, is no table of pictures, or has no such split or column.
    """
    file = file.absolute()
    name, root = shown(file.name), file.parent
    rows = uncommented(read_rows(file))
    places = Places(root)
    found = find_columns(rows, places, columns or {}, name)
    body = [(number, row) for number, row in enumerate(rows, 1) if any(row)][found.heading :]
    body = [(number, row) for number, row in body if len(row) > found.path and row[found.path]]
    if not body:
        raise InvalidInput("{name} lists no pictures. Write one path per line.", name=name)
    splits, chosen = pick_split(found, body, split)
    if chosen and chosen != ALL_SPLITS:
        body = [(number, row) for number, row in body if found.cell(row, found.split) == chosen]
    cells = [row[found.path] for _, row in body]
    where = locate(places, cells)
    paths = [where.resolve(cell) for cell in cells]
    if len(set(paths)) < len(set(cells)):  # by that rule some pictures of different paths would be one
        where = Where(places, Rule())
        paths = [where.resolve(cell) for cell in cells]
    if sum(path is not None for path in paths) < SHARE * len(paths):
        raise InvalidInput(
            "{name} is not a table of pictures, because hardly any line names one. Write one path per line.", name=name
        )
    # The content of a line that names no picture is not repeated: it may be a slip, but also any line of any file.
    slips = {at: f"line {body[at][0]}" for at, path in enumerate(paths) if path is None}
    told = [path or slips[at] for at, path in enumerate(paths)]
    labels = [found.label_of(row) if path else None for path, (_, row) in zip(paths, body, strict=True)]
    stamps = (stamp(root / stored(path)) for path in told)
    taken = Taken(chosen, splits, found.told(), found.headings, where.note)
    read = partial(read_listed, root, frozenset(slips.values()), name)
    return collect(shown(str(file)), told, labels, stamps, read, taken)


def read_listed(root: Path, slips: frozenset[str], name: str, path: str, known: tuple[int, int]) -> Picture:
    """A picture of a table; InvalidInput as ``read_picture``, and where a line names none."""
    if path in slips:
        raise InvalidInput(
            "Line {number} of {name} names no picture. Write its path there.",
            number=path.removeprefix("line "),
            name=name,
        )
    return read_picture(root, path, known)


def pick_split(found: Columns, body: list[tuple[int, list[str]]], split: str | None) -> tuple[tuple[str, ...], str]:
    """The splits that a column of a table names, and the one that is taken; "" where the table is not parted."""
    if found.split is None:
        if split not in (None, ALL_SPLITS):
            raise InvalidInput("There is no split '{split}', because the table has no column of splits.", split=split)
        return (), ""
    splits = tuple(sorted({found.cell(row, found.split) for _, row in body} - {""}))
    if len(splits) < 2 and split in (None, ALL_SPLITS, *splits):
        return (), ""
    if split is None and not parted(splits):
        return splits, ALL_SPLITS
    return splits, split if split == ALL_SPLITS else choose(splits, split)


def read_rows(file: Path) -> list[list[str]]:
    """The cells of a CSV, row by row, without the spaces around them; an empty line is an empty row.

    Commas, semicolons, tabs or bars part the cells; the text is UTF-8, UTF-16, or of Windows' Western code page.

    Raises:
        InvalidInput: it is too large, or no text.
    """
    name = shown(file.name)
    try:
        with open_regular(file) as opened:
            data = opened.read(LARGEST + 1)
    except OSError as error:
        raise InvalidInput(
            "{path} cannot be read: {reason}. Check the file and its permissions.",
            path=shown(str(file)),
            reason=reason(error),
        ) from error
    if len(data) > LARGEST:
        raise InvalidInput(
            "{name} is larger than {megabytes} MB. Split it into smaller files.", name=name, megabytes=LARGEST >> 20
        )
    if data[:4] == b"PK\3\4" or data[:4] == b"\xd0\xcf\x11\xe0":
        raise InvalidInput("{name} is a spreadsheet, not a CSV. Save it as CSV.", name=name)
    text = decode(data)
    if text is None:
        raise InvalidInput(
            "{name} cannot be read as a CSV, because it is not text. Save it as CSV in UTF-8.", name=name
        )
    first, _, rest = text.lstrip("\n").partition("\n")
    said = first.strip().strip('"').lower()
    if (said.startswith("sep=") and len(said) == 5) or said == "sep=":  # as Excel writes and reads it
        return parse(rest, said[4:] or "\t")
    best = max(SEPARATORS, key=lambda one: regularity(text, one))
    return parse(text, best)


def uncommented(rows: list[list[str]]) -> list[list[str]]:
    """The rows, with an empty one for each comment: it begins with # and names no picture.

    A heading may begin so too: it has as many cells as the row after it, which names a picture. Below the first row of
    another kind a comment has one cell only, for there names may begin so as well.
    """
    pictures = [any(shows(cell.replace("\\", "/")) for cell in row) for row in rows]
    filled = [at for at, row in enumerate(rows) if any(row)]
    comments, above = set(), True
    for place, at in enumerate(filled):
        row, after = rows[at], filled[place + 1] if place + 1 < len(filled) else at
        remark = row[0].startswith("#") and not pictures[at]
        heads = len(row) == len(rows[after]) > 1 and (pictures[after] or not any(pictures))
        if remark and (not heads if above else len(row) == 1 < max(map(len, rows))):
            comments.add(at)
        else:
            above = False
    return [[] if at in comments else row for at, row in enumerate(rows)]


def decode(data: bytes) -> str | None:
    """A text with one kind of line ends; None for what is no text."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        ways = ["utf-16"]
    else:
        ways = ["utf-8-sig", *(["utf-16-le", "utf-16-be"] if data[:200].count(0) > 20 else []), "cp1252"]
    for way in ways:
        try:
            text = data.decode(way)
        except UnicodeDecodeError:
            continue
        if sum(one < " " and not one.isspace() for one in text[:10_000]) <= CONTROLS * min(len(text), 10_000):
            return text.replace("\r\n", "\n").replace("\r", "\n")
    return None


def parse(text: str, separator: str) -> list[list[str]]:
    """The cells of a text; InvalidInput where they cannot be separated."""
    try:
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True)
        return [[cell.strip() for cell in row] for row in rows]
    except csv.Error as error:
        raise InvalidInput("The CSV has a cell that does not end. Check its quotation marks.") from error


def regularity(text: str, separator: str) -> tuple[float, int]:
    """How well a separator parts a text: the share of lines with as many cells as most have, and how many these are."""
    start = "\n".join(text.split("\n", SAMPLE)[:SAMPLE])
    try:
        counts = [len(row) for row in parse(start, separator) if row]
    except InvalidInput:
        return 0.0, 0
    most = max(set(counts), key=counts.count, default=0)
    return (counts.count(most) / len(counts), most) if most > 1 else (0.0, 0)
