"""Pictures listed in a CSV: find its columns of paths and labels, and the pictures.

Tables differ in separators, encodings, headings, index columns, and paths from another machine. The content of the
cells decides before the headings, and the interpretation is stated. A file that is not a table of pictures is refused
without quoting its content: it may be any file on the machine.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from core.data.collection import Collection, Taken, collect, read_picture, stamp
from core.data.columns import Columns, find_columns
from core.data.layout import ALL_SPLITS, choose_split, parted
from core.data.locating import Places, Rule, Where, locate
from core.data.names import shown, stored
from core.data.walking import shows
from core.files import open_regular, reason
from core.types import InvalidInput, Picture

LARGEST = 32 << 20  # bytes
MOST_ROWS, MOST_COLUMNS, MOST_CELLS = 200_000, 5_000, 2_000_000
SEPARATORS = ",;\t|"
SAMPLE = 50
"""Lines that are examined to find the separator."""
CONTROLS = 0.1
"""The largest share of control characters."""
SHARE = 0.5
"""The least share of lines that must name a picture."""


def list_csv(file: Path, split: str | None = None, columns: Mapping[str, str | None] | None = None) -> Collection:
    """The pictures listed in a CSV, by paths relative to its folder, with labels if it has such a column.

    ``columns`` names the headings, see ``open_collection``.

    Raises:
        InvalidInput: it cannot be read, is not a table of pictures, or has no such split or column.
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
    if len(set(paths)) < len(set(cells)):  # the rule would map different paths to one picture
        where = Where(places, Rule())
        paths = [where.resolve(cell) for cell in cells]
    if sum(path is not None for path in paths) < SHARE * len(paths):
        raise InvalidInput(
            "{name} is not a table of pictures: hardly any line contains the path of a "
            "picture. Write one path per line.",
            name=name,
        )
    # The content of a line without a picture is not quoted: it may be a line of any file.
    slips = {at: f"line {body[at][0]}" for at, path in enumerate(paths) if path is None}
    listed = [path or slips[at] for at, path in enumerate(paths)]
    labels = [found.label_of(row) if path else None for path, (_, row) in zip(paths, body, strict=True)]
    stamps = (stamp(root / stored(path)) for path in listed)
    taken = Taken(chosen, splits, found.roles(), found.headings, where.note)
    read = partial(read_listed, root, frozenset(slips.values()), name)
    return collect(shown(str(file)), listed, labels, stamps, read, taken)


def read_listed(root: Path, slips: frozenset[str], name: str, path: str, known: tuple[int, int]) -> Picture:
    """A picture of a table; InvalidInput as ``read_picture``, and if the line names no picture."""
    if path in slips:
        raise InvalidInput(
            "Line {number} of {name} contains no path of a picture. Add the path.",
            number=path.removeprefix("line "),
            name=name,
        )
    return read_picture(root, path, known)


def pick_split(found: Columns, body: list[tuple[int, list[str]]], split: str | None) -> tuple[tuple[str, ...], str]:
    """The splits in a column of a table, and the one that is taken; "" for a table without splits."""
    if found.split is None:
        if split not in (None, ALL_SPLITS):
            raise InvalidInput(
                "There is no split '{split}', because the table has no column of splits. Leave out the split.",
                split=split,
            )
        return (), ""
    splits = tuple(sorted({found.cell(row, found.split) for _, row in body} - {""}))
    if len(splits) < 2 and split in (None, ALL_SPLITS, *splits):
        return (), ""
    if split is None and not parted(splits):
        return splits, ALL_SPLITS
    return splits, split if split == ALL_SPLITS else choose_split(splits, split)


def read_rows(file: Path) -> list[list[str]]:
    """The cells of a CSV, row by row, without the spaces around them; an empty line is an empty row.

    Separators are commas, semicolons, tabs or bars; encodings are UTF-8, UTF-16, and Windows' Western code page.

    Raises:
        InvalidInput: it is too large, has too many lines, columns or cells, or is not text.
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
    if text.count("\n") > MOST_ROWS:
        raise InvalidInput(
            "{name} has more than {most:,} lines. Split it into several tables.", name=name, most=MOST_ROWS
        )
    first, _, rest = text.lstrip("\n").partition("\n")
    start = first.strip().strip('"').lower()
    if (start.startswith("sep=") and len(start) == 5) or start == "sep=":  # as Excel writes and reads it
        return parse(rest, start[4:] or "\t")
    best = max(SEPARATORS, key=lambda one: regularity(text, one))
    if text.count(best) > MOST_CELLS:
        raise InvalidInput("{name} has more than {most:,} cells. Leave out columns.", name=name, most=MOST_CELLS)
    rows = parse(text, best)
    if max(map(len, rows), default=0) > MOST_COLUMNS:
        raise InvalidInput("{name} has more than {most:,} columns. Leave out columns.", name=name, most=MOST_COLUMNS)
    return rows


def uncommented(rows: list[list[str]]) -> list[list[str]]:
    """The rows, with an empty one for each comment, which begins with # and names no picture.

    A heading may also begin with #: it has as many cells as the row after it, which names a picture. After the first
    other row, a comment has one cell only, because names may begin with #, too.
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
    """The text with uniform line ends; None if the bytes are not text."""
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
    """The cells of a text; InvalidInput if they cannot be separated."""
    try:
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True)
        return [[cell.strip() for cell in row] for row in rows]
    except csv.Error as error:
        raise InvalidInput("The CSV has a quotation mark that is not closed. Check its quotation marks.") from error


def regularity(text: str, separator: str) -> tuple[float, int]:
    """How well a separator fits a text: the share of lines with the most frequent number of cells, and that number."""
    start = "\n".join(text.split("\n", SAMPLE)[:SAMPLE])
    try:
        counts = [len(row) for row in parse(start, separator) if row]
    except InvalidInput:
        return 0.0, 0
    most = max(set(counts), key=counts.count, default=0)
    return (counts.count(most) / len(counts), most) if most > 1 else (0.0, 0)
