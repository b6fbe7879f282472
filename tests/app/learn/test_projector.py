"""A projected page shows lengths and not digits before the answer, no notes, and the minutes that are left."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from app.runtime.lessons import find_lesson
from app.widgets.lesson import voting
from app.widgets.lesson.playing import Place
from tests.app.learn.played import EVERY, find
from tests.app.pages import open_page, press, shown_text, well

TEXT = re.compile(r'text\\+": \\+"(.*?)\\+"')
LESSON = "not-always-an-explanation"


def bar_texts(page) -> list[str]:
    """The digits at the ends of the bars of the page."""
    found = [one.proto for one in page.get("bidi_component") if one.proto.component_name == "fovea_bars"]
    return [text for one in found for text in TEXT.findall(str(one))]


def test_a_projector_shows_no_digits_and_no_notes() -> None:
    note = find(LESSON).words["en"].block("uniform", "note")
    assert note
    given = {"lesson": LESSON, "step": "uniform", "teacher": "1"}
    page = well(open_page(**given))
    assert note[:40] in shown_text(page) and any(bar_texts(page))
    page = well(open_page(projector="1", **given))
    assert note[:40] not in shown_text(page)
    assert bar_texts(page) and not any(bar_texts(page)), "before the answer"
    press(page, f"lesson-skip.{LESSON}/uniform")
    assert note[:40] not in shown_text(page) and any(bar_texts(page))


def test_bars_of_a_vote_have_no_digits_on_a_projector_before_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    lesson = find_lesson(LESSON)
    place = Place(lesson, lesson.steps[0])
    counts = {1: Counter({"church": 3, "roof": 2})}
    assert "<b>3</b>" in voting.bars(place, place.step.exercise, counts)
    monkeypatch.setattr(voting, "digits", lambda text: "")
    assert "<b></b>" in voting.bars(place, place.step.exercise, counts)
    assert "vote-sentences" in voting.bars(place, place.step.exercise, counts)


@pytest.mark.parametrize("name", EVERY)
def test_the_minutes_left_begin_at_those_of_the_lesson(name: str) -> None:
    lesson = find(name)
    left = [lesson.minutes_left(step.name) for step in lesson.steps]
    assert left[0] == lesson.minutes and left == sorted(left, reverse=True) and left[-1] >= 1
    page = well(open_page(lesson=name))
    assert f"about {lesson.minutes} minute{'s' if lesson.minutes > 1 else ''} left" in shown_text(page)
