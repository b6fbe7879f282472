"""The Markdown of lessons as HTML: paragraphs, lists, emphasis and code; everything else is text and escaped."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html import escape

from core.lessons.pictures import split_figures

ITEM = re.compile(r"(?:[-*]|\d+\.)\s+(.*)")
LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
STYLES = (
    (re.compile(r"`([^`]+)`"), r"<code>\1</code>"),
    (re.compile(r"\*\*(?=\S)(.+?)(?<=\S)\*\*"), r"<strong>\1</strong>"),
    (re.compile(r"(?<![\w*])\*(?=[^\s*])(.+?)(?<=[^\s*])\*(?![\w*])"), r"<em>\1</em>"),
)


def line_html(text: str) -> str:
    """One line: emphasis and code as HTML, links as their text."""
    found = escape(LINK.sub(r"\1", text), quote=False)
    for pattern, style in STYLES:
        found = pattern.sub(style, found)
    return found


def to_html(text: str, source: Callable[[str], str] | None = None) -> str:
    """A text of several paragraphs, lists and pictures; ``source`` gives that of a picture's file, else it is text."""
    return "".join(_parts(text, source))


def _parts(text: str, source: Callable[[str], str] | None) -> Iterator[str]:
    for part in split_figures(text):
        if isinstance(part, str):
            yield from _blocks(part)
        elif source is None:
            yield f"<p>{line_html(part.caption)}</p>"
        else:
            yield f'<figure><img alt="{escape(part.caption)}" src="{source(part.file)}"></figure>'


def _blocks(text: str) -> Iterator[str]:
    lines, items = list[str](), list[str]()
    for line in [*text.splitlines(), ""]:
        item = ITEM.match(line.strip())
        if item is None and items and line.strip():  # the item goes on
            items[-1] += f" {line_html(line.strip())}"
            continue
        if item is None and line.strip():
            lines.append(line_html(line.strip()))
            continue
        if lines:
            yield f"<p>{' '.join(lines)}</p>"
            lines = []
        if item is not None:
            items.append(line_html(item[1]))
        elif items:
            yield f"<ul>{''.join(f'<li>{one}</li>' for one in items)}</ul>"
            items = []
