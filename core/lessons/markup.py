"""The Markdown of lessons as HTML: paragraphs, lists, emphasis and code; everything else is text and escaped."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape

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


def to_html(text: str) -> str:
    """A text of several paragraphs and lists."""
    return "".join(filter(None, _blocks(text)))


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
