"""The lines of keys in a TOML file, which its parser does not keep."""

from __future__ import annotations

import re
from collections.abc import Iterator

SECTION = re.compile(r"\s*\[\[?\s*([\w.-]+)\s*\]\]?")
KEY = re.compile(r"\s*([\w.-]+)\s*=")
ARRAY = re.compile(r"\s*([\w.-]+)\s*=\s*\[")
TOKEN = re.compile(r'"(?:\\.|[^"\\])*"|\'[^\']*\'|#.*|[\[\]{}]|[\w-]+(?=\s*=)')


class Lines:
    """The line of each key, by its section, the number of that section, and the key.

    The tables of a section are ``[[section]]`` each, or ``section = [{...}, ...]`` together.
    """

    def __init__(self, text: str):
        self.lines: dict[tuple[str, int, str], int] = {}
        section, counts, skipped = "", dict[str, int](), 0
        lines = text.splitlines()
        for number, line in enumerate(lines, 1):
            if number <= skipped:
                continue
            if found := SECTION.match(line):
                section = found[1]
                parent = section.split(".")[0]
                counts[section] = counts.get(section, -1) + 1 if parent == section else counts.get(parent, 0)
                self.lines[section, counts[section], ""] = number
            elif found := KEY.match(line):
                self.lines.setdefault((section, counts.get(section, 0), found[1].split(".")[0]), number)
                if not section and ARRAY.match(line):
                    for skipped, table, key in _tables(lines, number):
                        self.lines.setdefault((found[1], table, key), skipped)

    def find(self, section: str, number: int, key: str = "") -> int:
        """The line of a key in the section of that number; for a key that is not found that of the section, else 1."""
        parts = section.split(".")
        places = [(section, number, key), (section, number, ""), (parts[0], number, parts[-1]), (parts[0], number, "")]
        return next((self.lines[place] for place in places if place in self.lines), 1)


def _tables(lines: list[str], first: int) -> Iterator[tuple[int, int, str]]:
    """The line, the number of the table and the key ("" for its start) of what stands in the array of a line."""
    depth, table = 0, -1
    for number, line in enumerate(lines[first - 1 :], first):
        for token in TOKEN.findall(line if number > first else line.partition("=")[2]):
            if token in "[{":
                if token == "{" and depth == 1:
                    table += 1
                    yield number, table, ""
                depth += 1
            elif token in "]}":
                depth -= 1
                if depth == 0:
                    return
            elif depth == 2 and token[0] not in "\"'#":
                yield number, table, token
