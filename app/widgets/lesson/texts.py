"""The words of a lesson in the language of the run, with what was measured in place of the names of claims."""

from __future__ import annotations

import re

from app.runtime.lessons import measured
from app.titles import class_title
from app.words import decimal, language, percent, plain
from core.lessons import MEASURES, OUTCOMES, Lesson, Words

PLACEHOLDER = re.compile(r"\{([a-z0-9-]+)\}")


def words_of(lesson: Lesson) -> Words:
    """The words of a lesson in the language of the run."""
    return lesson.speak(language())


def value_text(lesson: Lesson, text: str) -> str:
    """A text with the measured values of the claims that it names."""
    found = measured(lesson)

    def fill(match: re.Match[str]) -> str:
        one = found.get(match[1])
        if one is None:
            return plain("lesson.unmeasured.value")
        value = one.measured.value
        if isinstance(value, str):
            return plain(f"lesson.{value}") if value in OUTCOMES else class_title(value, ())
        return percent(value) if MEASURES[one.claim.measure].unit == "%" else decimal(value, 2)

    return PLACEHOLDER.sub(fill, text)
