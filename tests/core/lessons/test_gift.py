"""The questions of a lesson as GIFT: what is written is what is read back, whatever characters it has."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.lessons import (
    CHOICE,
    LANGUAGES,
    NUMBER,
    POINT,
    RANK,
    SHIPPED,
    TEXT,
    Option,
    Words,
    read_lesson,
    stored,
    to_gift,
)
from core.lessons.printing.gift import escaped
from core.lessons.printing.labels import Speaker, withheld
from core.lessons.printing.markup import line_html
from tests.core.lessons.gift_reader import hide, read_gift, show

NAMES = sorted(one.name for one in SHIPPED.iterdir())
KINDS = {CHOICE: "choice", NUMBER: "number", RANK: "matching", POINT: "essay", TEXT: "essay"}
SPECIAL = r"a=b ~c #d }e{ f: \frac 100% -> <g>"


@pytest.mark.parametrize("name", NAMES)
def test_every_question_is_read_back(name: str) -> None:
    lesson = read_lesson(SHIPPED / name)
    for language in LANGUAGES:
        steps = [step for step in lesson.steps if step.exercise]
        speaker, blank = Speaker(lesson, language, stored(lesson)), withheld(lesson, language)
        questions = read_gift(to_gift(lesson, language, stored(lesson)))
        assert [one.title.partition(" – ")[2] for one in questions] == [step.name for step in steps]
        for one, step in zip(questions, steps, strict=True):
            assert one.kind == KINDS[step.exercise.kind]
            assert line_html(speaker.block(step, "ask", blank).splitlines()[0]) in one.text
            assert ("data:image/jpeg;base64," in one.text) == ("sample" in step.state)
            if step.exercise.kind == CHOICE:
                texts = [f"<p>{line_html(speaker.option(step, name, blank))}</p>" for name in step.exercise.options]
                reasons = [f"<p>{line_html(speaker.reason(step, name))}</p>" for name in step.exercise.options]
                assert [answer.text for answer in one.answers] == texts
                assert [answer.feedback for answer in one.answers] == reasons
                assert [answer.right for answer in one.answers] == [
                    name in step.exercise.answer for name in step.exercise.options
                ]
            elif step.exercise.kind == NUMBER:
                value, tolerance = map(float, one.answers[0].text.split(":"))
                assert value == pytest.approx(100 * stored(lesson)[step.exercise.claim].measured.value, abs=0.05)
                assert tolerance == 10 and one.answers[0].feedback
            elif step.exercise.kind == RANK:
                order = sorted(one.answers, key=lambda answer: int(answer.text.rpartition(" -> ")[2]))
                texts = [f"<p>{line_html(speaker.option(step, name))}</p>" for name in step.exercise.answer]
                assert [answer.text.rpartition(" -> ")[0] for answer in order] == texts
                assert all(line_html(speaker.reason(step, name)) in one.general for name in step.exercise.options)


def test_special_characters_mean_nothing() -> None:
    assert show(hide(escaped(SPECIAL))) == SPECIAL and not set("~=#{}:") & set(hide(escaped(SPECIAL)))
    lesson = read_lesson(SHIPPED / "attention-that-is-needed")
    words = lesson.words["en"]
    changed = {**words.options, ("look", "house"): Option(SPECIAL, SPECIAL)}
    lesson = replace(lesson, words={"en": Words("a/b", words.blocks, changed)})
    text = to_gift(lesson, "en", stored(lesson))
    assert text.startswith("$CATEGORY: Fovea/a//b\n\n")
    first = read_gift(text)[0].answers[0]
    assert first.text == first.feedback == f"<p>{line_html(SPECIAL)}</p>" and " -> " not in first.text


def test_a_rank_of_two_is_a_choice_between_both_orders() -> None:
    lesson = read_lesson(SHIPPED / "testing-an-explanation")
    steps = tuple(
        replace(one, exercise=replace(one.exercise, options=("map", "random"), answer=("random", "map")))
        if one.exercise and one.exercise.kind == RANK
        else one
        for one in lesson.steps
    )
    found = next(
        one for one in read_gift(to_gift(replace(lesson, steps=steps), "en", {})) if one.title.endswith("compare")
    )
    assert found.kind == "choice" and [one.right for one in found.answers] == [False, True]
    assert found.answers[1].text == "<p>Random cells → The largest values of Grad-CAM</p>"
