"""Escape text from files and users, so that Streamlit's Markdown shows it literally.

Streamlit's Markdown is GitHub's with LaTeX between dollars, directives (``:red[...]``), icons (``:material/...:``),
emoji (``:smile:``) and arrows (``->``). It turns the last three, and bare web addresses, into something else after the
Markdown has been parsed, where a backslash is no longer there to stop it: a word joiner, which nobody sees, breaks them
apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from app.words.languages import say

JOINER = "\u2060"
_BROKEN = re.compile(
    r"""(?<=:)(?=[A-Za-z+\-:]|//|\d\w*:)      # directives, icons, emoji, addresses
    | (?<=\bwww)(?=\.) | (?<=@)(?=[-\w])     # addresses without a scheme
    | (?<=-)(?=[->]) | (?<=<)(?=[-=]) | (?<=>)(?==) | (?<=~)(?==)  # arrows and signs""",
    re.VERBOSE | re.IGNORECASE,
)
_SIGNS = re.compile(
    r"""[\\`*\[\]|~$]                       # always
    | (?<![^\W_])_ | _(?![^\W_])            # an underscore that is not within a word
    | <(?=[A-Za-z/!?]) | &(?=\#?\w+;)       # tags, entities
    | ^(?:\#(?=\#{0,5}(?:\s|$)) | > | [-+=](?=[-+=]*(?:\s|$)))  # what begins a heading, a quotation, a list""",
    re.VERBOSE,
)
_NUMBERED = re.compile(r"^(\d+)([.)])(?=\s|$)")


class Marked(str):
    """Text whose Markdown is meant: a label of ours, and what ``literal`` has made safe."""

    __slots__ = ()

    def join(self, parts: Iterable[object]) -> Marked:
        """The parts with this text between them; parts that are not ``Marked`` are made literal."""
        return Marked(super().join(literal(one) for one in parts))


def literal(text: object) -> Marked:
    """A text as Markdown that shows just that text, a ``Message`` in the language of this run; ``Marked`` text stays.

    Line breaks become spaces: what stands in a name cannot begin a line of ours.
    """
    if isinstance(text, Marked):
        return text
    line = re.sub(r"\s", " ", say(text))
    return Marked(_NUMBERED.sub(r"\1\\\2", _SIGNS.sub(r"\\\g<0>", _BROKEN.sub(JOINER, line))))


def code(text: str) -> Marked:
    """A text as a code span, whatever it holds."""
    fence = "`" * (1 + max(map(len, re.findall("`+", text)), default=0))
    room = " " if text.startswith("`") or text.endswith("`") else ""
    return Marked(f"{fence}{room}{' '.join(text.split())}{room}{fence}")


def unmarked(text: str) -> str:
    """A label as plain text, for HTML and files: without emphasis, escapes and joiners."""
    return re.sub(rf"\*\*|\\(?=[^\w\s])|{JOINER}", "", text)
