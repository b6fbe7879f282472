"""The questions of a lesson in GIFT, which Moodle imports: https://docs.moodle.org/en/GIFT_format.

A choice keeps its options with their reasons as feedback, and a number keeps its tolerance. A rank becomes a matching
of options to places, or, for two options, a choice between both orders. A point is described in words, because GIFT
has no clicks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from core.lessons.claims import Kept
from core.lessons.pack import AFTER, CHOICE, NUMBER, POINT, QUESTION, RANK, SAY, Exercise, Lesson, Step
from core.lessons.printing.labels import CLOSE, Speaker, withheld
from core.lessons.printing.markup import line_html
from core.lessons.printing.worksheet import picture_source

SPECIAL = re.compile(r"[\\~=#{}:]")
MATCHED = 3
"""Moodle matches three or more pairs."""


def escaped(text: str) -> str:
    """A text on one line, with the special characters of GIFT escaped."""
    return SPECIAL.sub(r"\\\g<0>", " ".join(text.split()))


def to_gift(lesson: Lesson, language: str, found: Mapping[str, Kept], *, name: Callable[[str], str] = str) -> str:
    """The questions of a lesson, by step, in a category with its title; ``found`` and ``name`` as for a worksheet."""
    writer = _Writer(Speaker(lesson, language, found, name), withheld(lesson, language))
    title = writer.speaker.words.title.replace("/", "//")
    questions = [writer.question(step, step.exercise) for step in lesson.steps if step.exercise]
    return "\n\n".join([f"$CATEGORY: Fovea/{title}", *questions]) + "\n"


@dataclass(frozen=True)
class _Writer:
    speaker: Speaker
    blank: frozenset[str]

    def question(self, step: Step, exercise: Exercise) -> str:
        """A question without blank lines, which would end it."""
        write = {CHOICE: self._choice, NUMBER: self._number, RANK: self._rank}.get(exercise.kind, self._essay)
        texts = [self.speaker.html(step, one, self.blank) for one in (SAY, QUESTION)]
        if sample := step.state.get("sample"):
            texts.insert(0, f'<p><img alt="" src="{picture_source(sample)}"></p>')
        hint = {RANK: "ordering", POINT: "described"}.get(exercise.kind)
        if hint and not (exercise.kind == RANK and len(exercise.options) < MATCHED):
            texts.append(f"<p>{self.speaker.say(hint)}</p>")
        lines = [*write(step, exercise)]
        general = self._reasons(step, exercise) if exercise.kind == RANK else ""
        if general := general + self.speaker.html(step, AFTER):
            lines.append(f"####{escaped(general)}")
        head, mark = f"{self.speaker.lesson.name} – {step.name}", "#" if lines and self._numeric(exercise) else ""
        return "\n".join([f"::{escaped(head)}::[html]{escaped(''.join(texts))}{{{mark}", *lines, "}"])

    def _numeric(self, exercise: Exercise) -> bool:
        one = self.speaker.found.get(exercise.claim)
        return exercise.kind == NUMBER and one is not None and not isinstance(one.measured.value, str)

    def _choice(self, step: Step, exercise: Exercise) -> Iterator[str]:
        for one in exercise.options:
            text = line_html(self.speaker.option(step, one, self.blank))
            yield self._answer(one in exercise.answer, text, line_html(self.speaker.reason(step, one)))

    def _answer(self, right: bool, text: str, reason: str = "") -> str:
        feedback = f"#{escaped(f'<p>{reason}</p>')}" if reason else ""
        return f"{'=' if right else '~'}{escaped(f'<p>{text}</p>')}{feedback}"

    def _number(self, step: Step, exercise: Exercise) -> Iterator[str]:
        one = self.speaker.found.get(exercise.claim)
        if not self._numeric(exercise) or one is None:
            return
        true = float(one.measured.value) * (100 if exercise.unit == "%" else 1)
        stated = self.speaker.measured(exercise)
        yield f"={true:.4g}:{CLOSE / 100 * (exercise.high - exercise.low):g}#{escaped(f'<p>{stated}</p>')}"
        yield f"~#{escaped(f'<p>{stated}</p>')}"

    def _rank(self, step: Step, exercise: Exercise) -> Iterator[str]:
        texts = {one: line_html(self.speaker.option(step, one, self.blank)) for one in exercise.options}
        if len(exercise.options) < MATCHED:
            for order in (exercise.options, exercise.options[::-1]):
                yield self._answer(order == exercise.answer, " → ".join(texts[one] for one in order))
            return
        for one in exercise.options:
            yield f"={escaped(f'<p>{texts[one]}</p>')} -> {exercise.answer.index(one) + 1}"

    def _reasons(self, step: Step, exercise: Exercise) -> str:
        """The reasons of a rank, in the right order: a pair of a matching has no feedback of its own."""
        lines = (
            f"<li>{line_html(self.speaker.option(step, one))}<br>{line_html(self.speaker.reason(step, one))}</li>"
            for one in exercise.answer
        )
        return f"<ol>{''.join(lines)}</ol>"

    def _essay(self, step: Step, exercise: Exercise) -> Iterator[str]:
        return iter(())
