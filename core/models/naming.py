"""The most similar names to one that is not known."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches

SURE = 0.75
"""The least similarity of a name to that of a file, which may be called anything."""


def nearest(name: str, known: Iterable[str], count: int = 3, least: float = 0.5) -> list[str]:
    """The most similar names: those with all words of the name first, the shortest of them first."""
    words = [one for one in re.split(r"[\W_]+", name.lower()) if one]
    text, plain = "".join(words), dict[str, list[str]]()
    for one in known:
        plain.setdefault(one.rpartition("/")[2].replace("_", "").lower(), []).append(one)
    whole = [key for key in plain if len(text) > 2 and all(word in key for word in words)]
    whole.sort(key=lambda key: (not key.startswith(text), len(key), key))
    keys = dict.fromkeys([*whole[:count], *get_close_matches(text, plain, count, least)])
    return [one for key in keys for one in plain[key]][:count]


def nearest_to_file(name: str, known: Iterable[str], count: int = 3) -> list[str]:
    """The names that the name of a file begins with or resembles, such as ``resnet50-0676ba61.pth``; mostly none."""
    known = list(known)
    stem = re.sub(r"\W+", "_", name.partition(".")[0].lower())
    within = [one for one in known if f"_{stem}_".find(f"_{one.rpartition('/')[2]}_") >= 0]
    within.sort(key=lambda one: -len(one.rpartition("/")[2]))
    return list(dict.fromkeys([*within, *nearest(stem, known, count, SURE)]))[:count] if stem else []
