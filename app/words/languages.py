"""The languages: a table of words for each, and the one that is spoken in this run.

A table has the app's labels by their keys, and the sentences of ``core`` by their English templates, which English
itself needs none for.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from importlib import import_module

CODES = ("en",)
"""The folder of every language: the one line that a new one changes."""
LANGUAGES: dict[str, Mapping[str, str]] = {code: import_module(f"app.words.{code}").WORDS for code in CODES}

_language: ContextVar[str] = ContextVar("language", default="en")


def use(language: str) -> None:
    """Speak that language in this run; one that there is no table for is English."""
    _language.set(language if language in LANGUAGES else "en")


def language() -> str:
    """The code of the language that is spoken in this run."""
    return _language.get()


def table() -> Mapping[str, str]:
    """The table of the language that is spoken in this run."""
    return LANGUAGES[_language.get()]


def say(text: object) -> str:
    """A ``Message`` or an ``InvalidInput`` of ``core`` in the language of this run; any other text as it is.

    They are known by their method: the words are there before ``core``, which takes seconds to import.
    """
    if localized := getattr(text, "localized", None):
        return localized(table())
    return text if isinstance(text, str) else str(text)


def recall(text: str) -> str:
    """A sentence of ``core`` that was stored in English, as in a run's files, in the language of this run."""
    from core.messages import recalled  # by now core is there

    return recalled(text, table())
