"""The pictures in the words of a lesson: small files below its folder, drawn again as JPEG, and nothing else."""

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
"""A line that is one picture."""
FILE = re.compile(r"[\w-][\w.-]*(/[\w-][\w.-]*)*\.(png|jpe?g|webp)", re.IGNORECASE)
EXAMPLE = "![TEXT](picture.png)"
LARGEST = 2 * 1024 * 1024
"""Bytes of a picture's file."""
LONGEST = 960
"""Pixels of the longer side of a picture, as it is shown."""


@dataclass(frozen=True)
class Figure:
    """A picture in a text: its ``file`` below the lesson's folder, and its ``caption``."""

    file: str
    caption: str


def find_figure(line: str) -> Figure | None:
    """The picture that a line is; None for any other line."""
    found = LINE.fullmatch(line)
    return Figure(found[2], found[1]) if found else None


def split_figures(text: str) -> Iterator[str | Figure]:
    """The parts of a text: Markdown, and the pictures between it."""
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
        InvalidInput: it is no regular file below the folder, reached without links, or no picture, or too large.
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
    """A picture of a lesson's folder as a data URI. Raises as ``read_figure``."""
    return f"data:image/jpeg;base64,{base64.b64encode(read_figure(folder, file)).decode()}"
