"""Sentences for users that can be translated: an English template and the values that are filled in.

As in gettext the English template is the key by which a table of another language finds its own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from numbers import Number
from typing import Any

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_ENGLISH: Mapping[str, str] = {}
SEPARATOR = ", "


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
