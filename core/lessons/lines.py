"""The lines of keys in a TOML file, which its parser does not keep."""

from __future__ import annotations

import re

SECTION = re.compile(r"\s*\[\[?\s*([\w.-]+)\s*\]\]?")
KEY = re.compile(r"\s*([\w.-]+)\s*=")


class Lines:
    """The line of each key, by its section, the number of that section, and the key."""

    def __init__(self, text: str):
        self.lines: dict[tuple[str, int, str], int] = {}
        section, counts = "", dict[str, int]()
        for number, line in enumerate(text.splitlines(), 1):
            if found := SECTION.match(line):
                section = found[1]
                parent = section.split(".")[0]
                counts[section] = counts.get(section, -1) + 1 if parent == section else counts.get(parent, 0)
                self.lines[section, counts[section], ""] = number
            elif found := KEY.match(line):
                self.lines.setdefault((section, counts.get(section, 0), found[1].split(".")[0]), number)

    def find(self, section: str, number: int, key: str = "") -> int:
        """The line of a key in the section of that number; that of the section for a key that is not found."""
        parts = section.split(".")
        places = [(section, number, key), (section, number, ""), (parts[0], number, parts[-1]), (parts[0], number, "")]
        return next((self.lines[place] for place in places if place in self.lines), 0)
