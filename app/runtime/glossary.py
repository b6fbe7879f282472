"""The glossary of a language, built once: every run of every page draws it."""

from __future__ import annotations

from functools import lru_cache

from app.words import Marked, glossary_entry, language, terms, word


def glossary_entries() -> tuple[Marked, ...]:
    """All entries in the language of this run, by their terms in alphabetical order."""
    return _entries(language())


@lru_cache(maxsize=8)
def _entries(spoken: str) -> tuple[Marked, ...]:
    entries = {word(f"term.{slug}"): glossary_entry(slug) for slug in terms()}
    return tuple(entries[term] for term in sorted(entries, key=str.casefold))
