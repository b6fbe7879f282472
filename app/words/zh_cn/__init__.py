"""Simplified Chinese: every file's words by the keys of the English ones, or by the English templates of ``core``."""

from importlib import import_module
from pkgutil import iter_modules

WORDS = {
    key: text for one in iter_modules(__path__) for key, text in import_module(f"{__name__}.{one.name}").WORDS.items()
}
