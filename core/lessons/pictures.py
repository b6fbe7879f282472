"""The pictures in the texts of a lesson: only small files in its folder, encoded again as JPEG."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from core.images import encode_jpeg, open_image
from core.messages import Message
from core.types import InvalidInput

LINE = re.compile(r"\s*!\[([^\]]*)\]\(\s*([^()\s]+)\s*\)\s*")
"""A line that consists of one picture."""
FILE = re.compile(r"[\w-][\w.-]*(/[\w-][\w.-]*)*\.(png|jpe?g|webp)", re.IGNORECASE)
EXAMPLE = "![TEXT](picture.png)"
LARGEST = 2 * 1024 * 1024
"""The largest size of a picture's file in bytes."""
LONGEST = 960
"""The longer side of a displayed picture in pixels."""


@dataclass(frozen=True)
class Figure:
    """A picture in a text: its ``file`` below the lesson's folder, and its ``caption``."""

    file: str
    caption: str


def find_figure(line: str) -> Figure | None:
    """The picture that a line consists of; None for any other line."""
    found = LINE.fullmatch(line)
    return Figure(found[2], found[1]) if found else None


def split_figures(text: str) -> Iterator[str | Figure]:
    """Split a text into Markdown and pictures."""
    lines = list[str]()
    for line in text.splitlines():
        if (figure := find_figure(line)) is None:
            lines.append(line)
            continue
        if "".join(lines).strip():
            yield "\n".join(lines).strip()
        yield figure
        lines = []
    if "".join(lines).strip():
        yield "\n".join(lines).strip()


def read_figure(folder: Path, file: str) -> bytes:
    """A picture of a lesson's folder as a JPEG.

    Raises:
        InvalidInput: it is not a regular file in the folder, is reached by a link, is not a picture, or is too large.
    """
    path = folder / file
    if not FILE.fullmatch(file):
        raise InvalidInput(
            "'{file}' cannot be shown. Name a PNG, JPEG or WebP file below the lesson's folder, by {example}.",
            file=file,
            example=EXAMPLE,
        )
    if any(one.is_symlink() for one in (path, *path.parents[: file.count("/")])):
        raise InvalidInput("'{file}' is a link. Put the file itself into the lesson's folder.", file=file)
    if not path.is_file():
        raise InvalidInput("There is no file '{file}' in the lesson's folder. Add it, or correct its name.", file=file)
    if path.stat().st_size > LARGEST:
        raise InvalidInput("'{file}' is larger than {most} MB. Make it smaller.", file=file, most=LARGEST >> 20)
    return encode_jpeg(open_image(path, name=file).pixels, LONGEST)


def figure_problem(folder: Path, file: str) -> Message | None:
    """Why a picture cannot be shown; None if it can."""
    try:
        read_figure(folder, file)
    except InvalidInput as error:
        return error.message
    return None


def figure_source(folder: Path, file: str) -> str:
    """A picture of a lesson's folder as a data URI. Raises the errors of ``read_figure``."""
    return f"data:image/jpeg;base64,{base64.b64encode(read_figure(folder, file)).decode()}"
