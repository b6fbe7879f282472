"""The texts of a lesson in the language of the run, with measured values in place of the names of claims."""

from __future__ import annotations

import re

import streamlit as st

from app.runtime.lessons import figure, measured
from app.titles import class_title
from app.words import decimal, language, literal, percent, plain
from core import InvalidInput
from core.lessons import MEASURES, OUTCOMES, Lesson, Words, split_figures

PLACEHOLDER = re.compile(r"\{([a-z0-9-]+)\}")


def words_of(lesson: Lesson) -> Words:
    """The texts of a lesson in the language of the run."""
    return lesson.speak(language())


def show_text(lesson: Lesson, text: str) -> None:
    """Draw a text with its measured values and pictures."""
    for part in split_figures(value_text(lesson, text)):
        if isinstance(part, str):
            st.markdown(part)
            continue
        try:
            st.image(figure(lesson, part.file), caption=part.caption or None)
        except InvalidInput as error:  # the file was removed while the app runs
            st.warning(literal(error))


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
