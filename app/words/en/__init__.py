"""English labels by key, with fields in braces; one file for each part of the app."""

from importlib import import_module
from pkgutil import iter_modules

from app.words.en import glossary

WORDS = {
    key: text for one in iter_modules(__path__) for key, text in import_module(f"{__name__}.{one.name}").WORDS.items()
}

__all__ = ["WORDS", "glossary"]
