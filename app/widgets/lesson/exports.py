"""The answers of a session, and the votes of a class, as tables."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence

from app.runtime.lessons import find_lesson, lessons, measured
from app.widgets.lesson.playing import Answer, Place, answers
from app.widgets.lesson.texts import value_text, words_of
from app.widgets.lesson.voting import FEWEST, bin_title
from core.formulas import defuse
from core.lessons import (
    CHOICE,
    CLOSE,
    NUMBER,
    QUESTION,
    RANK,
    ROUNDS,
    Exercise,
    Lesson,
    Question,
    Step,
    Tally,
    bins,
)

COLUMNS = ("lesson", "step", "kind", "question", "answer", "result", "measured")
VOTE_COLUMNS = ("lesson", "step", "question", "option", "first vote", "second vote")


def answer_rows() -> Iterator[tuple[str, ...]]:
    """A row for each answer of this session, in order; answers to a lesson that no longer exists are left out."""
    for key, answer in answers().items():
        name, _, found = key.partition("/")
        lesson = find_lesson(name)
        step = next((one for one in lesson.steps if one.name == found), None) if lesson else None
        if lesson is None or step is None or step.exercise is None:
            continue
        question = value_text(lesson, words_of(lesson).block(step.name, QUESTION))
        known = value_text(lesson, f"{{{step.exercise.claim}}}") if step.exercise.claim else ""
        yield (
            name,
            step.name,
            step.exercise.kind,
            question,
            _given(lesson, step, answer),
            _result(lesson, step.exercise, answer),
            known,
        )


def vote_rows(tallies: Mapping[Question, Tally]) -> Iterator[tuple[str, ...]]:
    """A row for each option of each question that a class voted on, in the order of the lessons, without names.

    The counts of a vote with too few answers for bars are empty. A text has one row, without an option.
    """
    voted = {(one.lesson, one.step): tally for one, tally in tallies.items()}
    for lesson in lessons():
        for step in lesson.steps:
            tally = voted.get((lesson.name, step.name))
            if tally is None or step.exercise is None or not any(map(tally.total, ROUNDS)):
                continue
            question = value_text(lesson, words_of(lesson).block(step.name, QUESTION))
            place, shown = Place(lesson, step), [one for one in ROUNDS if tally.total(one) >= FEWEST]
            for name in bins(step.exercise) or sorted({*tally.counts[ROUNDS[0]], *tally.counts[ROUNDS[-1]]}):
                counts = [str(tally.counts[one][name]) if one in shown else "" for one in ROUNDS]
                yield lesson.name, step.name, question, bin_title(place, step.exercise, name), *counts


def to_csv(rows: Iterable[Sequence[str]], columns: Sequence[str] = COLUMNS) -> bytes:
    """The rows as CSV with a header; no cell is a formula."""
    file = io.StringIO()
    csv.writer(file, lineterminator="\n").writerows([columns, *([defuse(cell) for cell in row] for row in rows)])
    return file.getvalue().encode("utf-8-sig")  # spreadsheets need the mark to read Chinese


def _given(lesson: Lesson, step: Step, answer: Answer) -> str:
    """The answer in words."""
    if step.exercise is not None and step.exercise.kind in (CHOICE, RANK):
        options = words_of(lesson).options
        return " > ".join(options[step.name, str(one)].text for one in answer.given)
    return ", ".join(f"{one:g}" if isinstance(one, float) else str(one) for one in answer.given)


def _result(lesson: Lesson, exercise: Exercise, answer: Answer) -> str:
    """Whether the answer is correct; empty if this is not known here."""
    if answer.skipped:
        return "skipped"
    if exercise.kind in (CHOICE, RANK):
        return ("correct" if answer.given == exercise.answer else "not correct") if exercise.answer else ""
    one = measured(lesson).get(exercise.claim)
    if exercise.kind == NUMBER and one is not None and not isinstance(one.measured.value, str):
        true = one.measured.value * (100 if exercise.unit == "%" else 1)
        return (
            "correct"
            if abs(float(answer.given[0]) - true) <= CLOSE / 100 * (exercise.high - exercise.low)
            else "not correct"
        )
    return ""
