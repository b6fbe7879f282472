"""Sentences for users that can be translated: an English template and the values that are filled in.

As in gettext the English template is the key by which a table of another language finds its own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from numbers import Number
from string import Formatter
from typing import Any

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_ENGLISH: Mapping[str, str] = {}
SEPARATOR = ", "
WORDY = 8
"""Letters of its own that a template needs to be known again in a text."""


class Message(str):
    """A sentence, in English as a text, that knows its ``template`` and ``values``.

    A template names its values in braces, ``Message("There is no scene '{name}'.", name=name)``; one without values is
    taken as it stands. A value is a number, a text, another message or several of them, which commas join; anything
    else is kept as its text, and so is a shape, a tuple of numbers.
    """

    template: str
    values: dict[str, Any]

    def __new__(cls, template: str, /, **values: object) -> Message:
        """The message of a template; one that is a message already, without values, is itself."""
        if isinstance(template, Message) and not values:
            return template
        kept = {name: _kept(value) for name, value in values.items()}
        message = super().__new__(cls, _filled(template, kept, _ENGLISH))
        message.template, message.values = str(template), kept
        return message

    def __getnewargs_ex__(self) -> tuple[tuple[str], dict[str, Any]]:
        """What a copy is made of, in this process or another."""
        return (self.template,), self.values

    def localized(self, table: Mapping[str, str]) -> str:
        """The sentence by a table of templates and their translations; what the table lacks stays English."""
        return _filled(self.template, self.values, table)

    def renamed(self, names: Mapping[str, str]) -> Message:
        """The same sentence with other names in its values, those of an upload in the place of a stored file's."""
        return Message(self.template, **{key: _renamed(value, names) for key, value in self.values.items()})


def translatable(described: object, *names: str) -> None:
    """Make messages of these texts of a frozen dataclass, which stand there as plain English: for ``__post_init__``."""
    for name in names:
        object.__setattr__(described, name, Message(getattr(described, name)))


def recalled(text: str, table: Mapping[str, str]) -> str:
    """An English sentence of which only the text is left, by the first template of the table that it fits.

    A text that fits none stays as it is.
    """
    for template, translation in table.items():
        if (form := _form(template)) and (found := form.fullmatch(text)):
            values = {name: recalled(value, table) for name, value in found.groupdict().items()}
            # The formats of numbers are passed over: these are text by now.
            return "".join(before + values.get(name or "", "") for before, name, _, _ in Formatter().parse(translation))
    return text


@cache
def _form(template: str) -> re.Pattern[str] | None:
    """What texts look like that were made of a template; None for a key of another kind, and for hardly any words."""
    parts = list(Formatter().parse(template)) if " " in template else []
    if sum(map(len, re.findall(r"[^\W\d_]+", "".join(before for before, *_ in parts)))) < WORDY:
        return None
    pattern, seen = "", set()
    for before, name, _, _ in parts:
        pattern += re.escape(before)
        if name:
            pattern += f"(?P={name})" if name in seen else f"(?P<{name}>.*)"
            seen.add(name)
    return re.compile(pattern, re.DOTALL)


def _kept(value: object) -> object:
    """A value as a message keeps it: simple, on one line, and such that it can be encoded."""
    if isinstance(value, list) or (isinstance(value, tuple) and not all(isinstance(one, Number) for one in value)):
        return [_kept(one) for one in value]
    if isinstance(value, Exception) and value.args and isinstance(value.args[0], Message):
        return value.args[0]
    if isinstance(value, Message | Number):
        return value
    return _CONTROLS.sub(lambda found: found[0].encode("unicode_escape").decode(), str(value))


def _filled(template: str, values: Mapping[str, object], table: Mapping[str, str]) -> str:
    """The template in the language of the table, its values filled in."""
    said = table.get(template, template)
    return said.format(**{name: _said(value, table) for name, value in values.items()}) if values else said


def _said(value: object, table: Mapping[str, str]) -> object:
    """A value in the language of the table."""
    if isinstance(value, list):
        return table.get(SEPARATOR, SEPARATOR).join(str(_said(one, table)) for one in value)
    return value.localized(table) if isinstance(value, Message) else value


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    """A value with each of the names in it replaced, in their order."""
    if isinstance(value, Message):
        return value.renamed(names)
    if isinstance(value, list):
        return [_renamed(one, names) for one in value]
    for old, new in names.items() if isinstance(value, str) else ():
        value = value.replace(old, new)
    return value
