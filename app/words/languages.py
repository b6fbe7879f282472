"""The languages: a table of words for each, and the language of the current run.

A table has the app's labels by their keys, and the sentences of ``core`` by their English templates, which English
itself needs none for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from importlib import import_module

NAMES = {"en": "English", "zh-CN": "中文"}
"""The native name of each language by its HTML code, English first; the folder of ``zh-CN`` is ``zh_cn``. A new
language is registered here.
"""
ENGLISH = "en"
LANGUAGES: dict[str, Mapping[str, str]] = {
    code: import_module(f"app.words.{code.lower().replace('-', '_')}").WORDS for code in NAMES
}

_language: ContextVar[str | None] = ContextVar("language", default=None)
_sources: list[Callable[[], str]] = []


def use(code: str | None) -> None:
    """Set the language of this context; None restores the session's language. Without a table, English is used."""
    _language.set(code if code in LANGUAGES else code and ENGLISH)


def follow(source: Callable[[], str]) -> None:
    """Use the language that this returns wherever no language is set: the session's, also in callbacks and fragments."""
    _sources[:] = [source]


def language() -> str:
    """Return the code of the language of this run."""
    return _language.get() or next((source() for source in _sources), ENGLISH)


def understood(wanted: str | None) -> str:
    """Return the language for a browser's locale: an exact match, a variant (``zh``, ``zh-Hans``), or English."""
    codes = {code.casefold(): code for code in LANGUAGES}
    name = (wanted or "").replace("_", "-").casefold()
    tongue = name.partition("-")[0]
    return codes.get(name) or next((code for one, code in codes.items() if one.partition("-")[0] == tongue), ENGLISH)


def table() -> Mapping[str, str]:
    """Return the table of the language of this run."""
    return LANGUAGES[language()]


def mark(sign: str) -> str:
    """Return a separator of the language: between sentences, between list items, or before "%"."""
    return table().get(sign, sign)


def say(text: object) -> str:
    """A ``Message`` or an ``InvalidInput`` of ``core`` in the language of this run; any other text as it is.

    They are known by their method: the words are there before ``core``, which takes seconds to import.
    """
    if localized := getattr(text, "localized", None):
        return localized(table())
    return text if isinstance(text, str) else str(text)


def recall(text: str) -> str:
    """A sentence of ``core`` that was stored in English, as in a run's files, in the language of this run."""
    from core.messages import recalled  # imported late, because core takes seconds to import

    return recalled(text, table())
