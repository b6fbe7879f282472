"""Every label of the app, one table a language. Another language is one more folder and its name in ``languages``."""

from __future__ import annotations

from numbers import Number

from app.words import en
from app.words.languages import LANGUAGES, language, recall, say, table, use
from app.words.markdown import Marked, code, literal
from app.words.numbers import apart, chance, decimal, keep_units, megabytes, percent, short, span, whole

__all__ = [
    "LANGUAGES",
    "Marked",
    "apart",
    "chance",
    "code",
    "decimal",
    "known",
    "language",
    "literal",
    "megabytes",
    "percent",
    "plain",
    "recall",
    "say",
    "short",
    "span",
    "terms",
    "use",
    "whole",
    "word",
]


def word(key: str, **fields: object) -> Marked:
    """The label of that key as Markdown, its fields filled in letter by letter; a ``Marked`` field keeps its Markdown.

    A key that a language lacks is taken from English.
    """
    shown = {name: one if isinstance(one, Number) else literal(one) for name, one in fields.items()}
    return Marked(plain(key, **shown))


def plain(key: str, **fields: object) -> str:
    """The same for where Markdown is not read: options of a list, charts, canvases, HTML, errors, files.

    Where the field ``count`` is 1 and the language has a label ``KEY.one``, that label is used.
    """
    words = table()
    text = (words.get(f"{key}.one") if str(fields.get("count")) == "1" else None) or words.get(key) or en.WORDS[key]
    shown = {name: one if isinstance(one, Number | Marked) else say(one) for name, one in fields.items()}
    return keep_units(text.format(**shown) if fields else text)


def known(key: str, default: str) -> str:
    """The label of that key, from English too where a language lacks it; or ``default``, what ``core`` says."""
    found = table().get(key) or en.WORDS.get(key)
    return say(default) if found is None else Marked(found)


def terms() -> tuple[str, ...]:
    """The slugs of the glossary's entries."""
    return tuple(en.glossary.TERMS)
