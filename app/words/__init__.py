"""Every label of the app, one table a language. Another language is one more file and one more line here."""

from __future__ import annotations

from contextvars import ContextVar
from numbers import Number

from app.words import en
from app.words.markdown import Marked, code, literal
from app.words.numbers import apart, chance, decimal, megabytes, percent, short, span, whole

__all__ = [
    "LANGUAGES",
    "Marked",
    "apart",
    "chance",
    "code",
    "decimal",
    "known",
    "literal",
    "megabytes",
    "percent",
    "plain",
    "short",
    "span",
    "terms",
    "use",
    "whole",
    "word",
]

LANGUAGES = {"en": en.WORDS}

_language: ContextVar[str] = ContextVar("language", default="en")


def use(language: str) -> None:
    """Speak that language in this run; one that there is no table for is English."""
    _language.set(language if language in LANGUAGES else "en")


def word(key: str, **fields: object) -> Marked:
    """The label of that key as Markdown, its fields filled in letter by letter; a ``Marked`` field keeps its Markdown.

    A key that a language lacks is taken from English.
    """
    shown = {name: one if isinstance(one, Number) else literal(one) for name, one in fields.items()}
    return Marked(plain(key, **shown))


def plain(key: str, **fields: object) -> str:
    """The same for where Markdown is not read: options of a list, charts, canvases, HTML, errors, files.

    Where the field ``count`` is 1 and the language has a label ``KEY.one``, it is that.
    """
    table = LANGUAGES[_language.get()]
    text = (table.get(f"{key}.one") if str(fields.get("count")) == "1" else None) or table.get(key) or en.WORDS[key]
    return text.format(**fields) if fields else text


def known(key: str, default: str) -> str:
    """The label of that key, from English too where a language lacks it; or ``default``, what somebody else says."""
    found = LANGUAGES[_language.get()].get(key) or en.WORDS.get(key)
    return default if found is None else Marked(found)


def terms() -> tuple[str, ...]:
    """The slugs of the glossary's entries."""
    return tuple(en.glossary.TERMS)
