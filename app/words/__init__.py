"""Every label of the app: one table for each language, registered in ``languages``."""

from __future__ import annotations

from collections.abc import Iterable
from numbers import Number

from app.words import en
from app.words.languages import ENGLISH, LANGUAGES, NAMES, follow, language, mark, recall, say, table, understood, use
from app.words.markdown import Marked, code, literal, unmarked
from app.words.numbers import (
    apart,
    chance,
    decimal,
    decimal_field,
    decimal_format,
    keep_units,
    megabytes,
    percent,
    percent_format,
    power,
    short,
    shortest,
    significant,
    significant_field,
    span,
    whole,
)

__all__ = [
    "ENGLISH",
    "LANGUAGES",
    "NAMES",
    "Marked",
    "apart",
    "chance",
    "code",
    "decimal",
    "decimal_field",
    "decimal_format",
    "follow",
    "glossary_entry",
    "known",
    "language",
    "listed",
    "literal",
    "mark",
    "means",
    "megabytes",
    "percent",
    "percent_format",
    "power",
    "plain",
    "recall",
    "say",
    "short",
    "shortest",
    "significant",
    "significant_field",
    "span",
    "table",
    "terms",
    "together",
    "understood",
    "unmarked",
    "use",
    "whole",
    "word",
]


def word(key: str, *general: str, **fields: object) -> Marked:
    """Return the label of a key as Markdown; fields are escaped, except ``Marked`` fields.

    A key that a language lacks is taken from English. Of several keys, from special to ``general``, the first existing
    one is used.
    """
    shown = {name: one if isinstance(one, Number) else literal(one) for name, one in fields.items()}
    return Marked(plain(key, *general, **shown))


def plain(key: str, *general: str, **fields: object) -> str:
    """Return the label of a key as plain text, for options, charts, canvases, HTML, errors and files.

    Where the field ``count`` is 1 and the language has a label ``KEY.one``, that label is used.
    """
    key = next((one for one in (key, *general) if one in en.WORDS), key)
    words = table()
    words = words if key in words else en.WORDS
    text = words.get(f"{key}.one", words[key]) if str(fields.get("count")) == "1" else words[key]
    if not fields:
        return keep_units(text)
    from core.spacing import fill  # imported late, because core takes seconds to import

    shown = {name: one if isinstance(one, Number | Marked) else say(one) for name, one in fields.items()}
    return keep_units(fill(text, shown))


def known(key: str, default: str) -> str:
    """Return the label of a key, if necessary in English; or the ``default`` if there is no such key."""
    found = table().get(key) or en.WORDS.get(key)
    return say(default) if found is None else Marked(found)


def means(*terms: str) -> Marked:
    """The glossary's sentence for a term as a tooltip; for several terms, their entries one below the other."""
    return word(f"term.{terms[0]}.means") if len(terms) == 1 else Marked("\n\n").join(map(glossary_entry, terms))


def glossary_entry(slug: str) -> Marked:
    """An entry of the glossary: the term and its sentence."""
    return word("glossary.entry", term=word(f"term.{slug}"), means=word(f"term.{slug}.means"))


def together(*sentences: str) -> str:
    """Join the non-empty sentences; ``Marked`` if all of them are."""
    return _row(filter(None, sentences), " ")


def listed(items: Iterable[str]) -> str:
    """Join the items of a list within a sentence: "a, b"; ``Marked`` if all of them are."""
    return _row(items, ", ")


def _row(parts: Iterable[str], sign: str) -> str:
    """Join the parts with a separator of the language."""
    parts = list(parts)
    text = mark(sign).join(parts)
    return Marked(text) if all(isinstance(one, Marked) for one in parts) else text


def terms() -> tuple[str, ...]:
    """The slugs of the glossary's entries."""
    return tuple(en.glossary.TERMS)
