"""Translatable sentences for users: an English template and the values for its fields.

As in gettext, the English template is the key into the table of another language.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from numbers import Number
from string import Formatter
from typing import Any

from core.spacing import fill

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_FORMAT = re.compile(r"(?<=\w)(?:![rsa])?:[^{}]*(?=\})")
_ENGLISH: Mapping[str, str] = {}
SEPARATOR = ", "
WORDY = 8
"""The fewest letters of a template for recognizing it in a text."""


class Message(str):
    """A sentence, as English text, with its ``template`` and ``values``.

    A template names its values in braces, ``Message("There is no scene '{name}'.", name=name)``; without values it is
    used unchanged. A value is a number, a text, a message or several of them, joined by commas; anything else, such as
    a shape, is stored as its text.
    """

    template: str
    values: dict[str, Any]

    def __new__(cls, template: str, /, **values: object) -> Message:
        """The message of a template; a message without further values is returned unchanged."""
        if isinstance(template, Message) and not values:
            return template
        kept = {name: _kept(value) for name, value in values.items()}
        message = super().__new__(cls, _filled(template, kept, _ENGLISH))
        message.template, message.values = str(template), kept
        return message

    def __getnewargs_ex__(self) -> tuple[tuple[str], dict[str, Any]]:
        """The arguments for a copy, in this process or another."""
        return (self.template,), self.values

    def localized(self, table: Mapping[str, str]) -> str:
        """The sentence in the language of a table of templates; English if the table lacks it."""
        return _filled(self.template, self.values, table)

    def renamed(self, names: Mapping[str, str]) -> Message:
        """The same sentence with other names in its values, such as that of an upload instead of a stored file."""
        return Message(self.template, **{key: _renamed(value, names) for key, value in self.values.items()})


def translatable(described: object, *names: str) -> None:
    """Turn these plain English texts of a frozen dataclass into messages; for ``__post_init__``."""
    for name in names:
        object.__setattr__(described, name, Message(getattr(described, name)))


def recalled(text: str, table: Mapping[str, str]) -> str:
    """Translate an English sentence that is stored as text, by the first template of the table that matches.

    A text without a matching template is returned unchanged.
    """
    for template, translation in table.items():
        if (form := _form(template)) and (found := form.fullmatch(text)):
            values = {name: recalled(value, table) for name, value in found.groupdict().items()}
            return fill(_FORMAT.sub("", translation), values)  # number formats are ignored: the values are texts here
    return text


@cache
def _form(template: str) -> re.Pattern[str] | None:
    """A pattern for texts made from a template; None for other keys, and for templates with too few letters."""
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
    """A value as stored in a message: simple, on one line, and encodable."""
    if isinstance(value, list) or (isinstance(value, tuple) and not all(isinstance(one, Number) for one in value)):
        return [_kept(one) for one in value]
    if isinstance(value, Exception) and value.args and isinstance(value.args[0], Message):
        return value.args[0]
    if isinstance(value, Message | Number):
        return value
    return _CONTROLS.sub(lambda found: found[0].encode("unicode_escape").decode(), str(value))


def _filled(template: str, values: Mapping[str, object], table: Mapping[str, str]) -> str:
    """The template in the language of the table, with its values."""
    stated = table.get(template, template)
    return fill(stated, {name: _translated(value, table) for name, value in values.items()}) if values else stated


def _translated(value: object, table: Mapping[str, str]) -> object:
    """A value in the language of the table."""
    if isinstance(value, list):
        return table.get(SEPARATOR, SEPARATOR).join(str(_translated(one, table)) for one in value)
    return value.localized(table) if isinstance(value, Message) else value


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    """A value with each of the names in it replaced, in order."""
    if isinstance(value, Message):
        return value.renamed(names)
    if isinstance(value, list):
        return [_renamed(one, names) for one in value]
    for old, new in names.items() if isinstance(value, str) else ():
        value = value.replace(old, new)
    return value
