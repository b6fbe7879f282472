"""The language of a report: its texts are templates, as everywhere in ``core``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from core.messages import Message
from core.numbers import decimal, percent

UNKNOWN = Message("unknown")


@dataclass(frozen=True)
class Wording:
    """A language: its ``code`` in HTML, a ``table`` of translated templates, and the displayed names of ``classes``."""

    code: str = "en"
    table: Mapping[str, str] = field(default_factory=dict)
    classes: Mapping[str, str] = field(default_factory=dict)

    def say(self, template: str, **values: object) -> str:
        """Return a sentence with its values, translated."""
        return Message(template, **values).localized(self.table)

    def title(self, title: str) -> str:
        """The title of a picture."""
        return title.localized(self.table) if isinstance(title, Message) else title

    def sign(self, sign: str) -> str:
        """Return a separator, such as the one between sentences or before "%"."""
        return self.table.get(sign, sign)

    def share(self, value: float | None, digits: int = 1) -> str:
        """A fraction in percent."""
        return self.title(UNKNOWN) if value is None else percent(value, digits, self.sign(" %"))

    def number(self, value: float | None) -> str:
        """A number with two digits."""
        return self.title(UNKNOWN) if value is None else decimal(value)

    def pictures(self, count: int) -> str:
        """A number of pictures, in words."""
        return self.title(Message("1 picture") if count == 1 else Message("{count:,} pictures", count=count))

    def name(self, name: str) -> str:
        """Return the displayed name of a class."""
        return self.classes.get(name, name)


ENGLISH = Wording()
