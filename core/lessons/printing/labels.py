"""The fixed texts of printed and exported lessons, and the measured values as text, by language."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import cache, partial

from core.lessons.claims import Kept
from core.lessons.measuring.measures import MEASURES
from core.lessons.measuring.shared import OUTCOMES
from core.lessons.pack import AFTER, LABELS, LANGUAGES, NUMBER, QUESTION, SAY, Exercise, Lesson, Step, Words
from core.lessons.pictures import figure_source
from core.lessons.printing.markup import to_html
from core.lessons.reading.markdown import PLACEHOLDER
from core.numbers import decimal, percent

GAP = "________"
"""The gap in place of a value that the learner has to find."""
CLOSE = 10.0
"""How far a number may be from the measured one to count as close, in percent of the range."""


@cache
def _tables() -> Mapping[str, Mapping[str, str]]:
    return tomllib.loads(LABELS.read_text("utf-8"))


def _same(name: str) -> str:
    return name


@dataclass(frozen=True)
class Speaker:
    """States a lesson's words and measured values in one ``language``; ``name`` is what a class is called in it."""

    lesson: Lesson
    language: str
    found: Mapping[str, Kept]
    name: Callable[[str], str] = field(default=_same)

    @property
    def words(self) -> Words:
        """The lesson's words."""
        return self.lesson.speak(self.language)

    def say(self, key: str, **values: object) -> str:
        """A fixed text with its values."""
        tables = _tables()
        return tables.get(self.language, tables[LANGUAGES[0]])[key].format(**values)

    def share(self, value: float, digits: int = 1) -> str:
        """A fraction in percent."""
        return percent(value, digits, self.say("percent"))

    def unit(self, exercise: Exercise, value: float) -> str:
        """A number in the unit of its question."""
        return f"{value:g}{self.say('percent') if exercise.unit == '%' else f' {exercise.unit}'.rstrip()}"

    def amount(self, claim: str, value: float | str) -> str:
        """A value of a claim, in the unit of its measure."""
        if isinstance(value, str):
            return self.say(value) if value in OUTCOMES else self.name(value)
        if MEASURES[self.found[claim].claim.measure].unit == "%":
            return self.share(value)
        return decimal(value)

    def value(self, claim: str) -> str:
        """The measured value of a claim."""
        one = self.found.get(claim)
        return self.say("unmeasured") if one is None else self.amount(claim, one.measured.value)

    def measured(self, exercise: Exercise) -> str:
        """A sentence with the measured value of a question for a number, and what counts as close to it."""
        one = self.found.get(exercise.claim)
        if one is None:
            return self.say("unmeasured")
        return self.say(
            "measured",
            value=self.value(exercise.claim),
            error=self.amount(exercise.claim, one.measured.error),
            pictures=one.measured.pictures,
            tolerance=self.unit(exercise, CLOSE / 100 * (exercise.high - exercise.low)),
        )

    def fill(self, text: str, blank: Collection[str] = ()) -> str:
        """A text with the measured values of the claims that it names, and a gap for those that are ``blank``."""
        return PLACEHOLDER.sub(lambda match: GAP if match[1] in blank else self.value(match[1]), text)

    def block(self, step: Step, name: str, blank: Collection[str] = ()) -> str:
        """The words of a step's block with its values; empty where the step has none."""
        return self.fill(self.words.block(step.name, name), blank)

    def html(self, step: Step, name: str, blank: Collection[str] = ()) -> str:
        """The words of a step's block as HTML, with the pictures of the lesson."""
        return to_html(self.block(step, name, blank), partial(figure_source, self.lesson.folder))

    def option(self, step: Step, name: str, blank: Collection[str] = ()) -> str:
        """The text of an option."""
        return self.fill(self.words.options[step.name, name].text, blank)

    def reason(self, step: Step, name: str) -> str:
        """Why an option is right or wrong."""
        return self.fill(self.words.options[step.name, name].reason)


def withheld(lesson: Lesson, language: str) -> frozenset[str]:
    """The claims whose values a lesson first shows after an answer; a worksheet has gaps for them.

    All steps of a worksheet are visible at once, so a later question must not contain an earlier answer.
    """
    words, given, kept = lesson.speak(language), set[str](), set[str]()
    for step in lesson.steps:
        options = [words.options[step.name, one] for one in (step.exercise.options if step.exercise else ())]
        before = [words.block(step.name, SAY), words.block(step.name, QUESTION), *(one.text for one in options)]
        given |= {name for text in before for name in PLACEHOLDER.findall(text)} - kept
        after = [words.block(step.name, AFTER), *(one.reason for one in options)]
        shown = {name for text in after for name in PLACEHOLDER.findall(text)}
        if step.exercise and step.exercise.claim:
            shown.add(step.exercise.claim)
        kept |= shown - given
        if step.exercise and step.exercise.kind == NUMBER:
            kept.add(step.exercise.claim)  # nor in its own question
    return frozenset(kept)
