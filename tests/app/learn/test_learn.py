"""Lessons in the app: each is walked to its end, what is hidden is not drawn before the answer, and one can leave."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from app.runtime.lessons import measured
from app.state import Key
from app.views.models.keys import ModelsKey
from app.views.trust.keys import TrustKey
from app.widgets.lesson.playing import Setting
from app.widgets.lesson.questions import hit, on_map
from app.words import percent
from app.words.languages import LANGUAGES, use
from core.data import open_sample
from core.lessons import (
    CHOICE,
    MEASURES,
    NUMBER,
    POINT,
    RANK,
    STATE,
    Lesson,
    Step,
)
from tests.app.learn.played import DONE, EVERY, find
from tests.app.pages import drawn_by, open_page, press, shown_text, well
from tests.source_files import ROOT

LESSON = "attention-that-is-needed"
DOUBLED = r"[.。](\*\*)?[ ]?([（(][^()（）]*[）)])?[:：]"
"""A period right before a colon, also with a bracket between them."""


@pytest.fixture(autouse=True)
def english_again() -> Iterator[None]:
    """A test may change the language that is spoken here; the next one starts in English."""
    yield
    use(None)


def unshown(lesson: Lesson, step: Step, language: str) -> dict[str, str]:
    """What was measured for claims that no step before this one's answer names: texts by the names of the claims."""
    words, before = lesson.speak(language), list[str]()
    for one in lesson.steps[: lesson.place(step.name) + 1]:
        options = [words.options[one.name, name] for name in (one.exercise.options if one.exercise else ())]
        before += [words.block(one.name, name) for name in ("say", "ask")] + [option.text for option in options]
        if one is not step:
            before += [words.block(one.name, "after"), *(option.reason for option in options)]
            before += [f"{{{one.exercise.claim}}}"] if one.exercise else []
    shares = {
        name: percent(one.measured.value)
        for name, one in measured(lesson).items()
        if MEASURES[one.claim.measure].unit == "%" and isinstance(one.measured.value, float)
    }
    known = {text for name, text in shares.items() if any(f"{{{name}}}" in one for one in before)}
    return {name: text for name, text in shares.items() if text not in known}


def everything(page: AppTest) -> str:
    """The words of the page, with what its pickers offer."""
    return "\n".join([shown_text(page), *(str(one) for picker in page.selectbox for one in picker.options)])


def answer(page: AppTest, lesson: Lesson, step: Step) -> None:
    """Give the right answer to the open question, and send it."""
    exercise, key = step.exercise, f"{lesson.name}/{step.name}"
    assert page.button(key=f"lesson-answer.{key}").disabled, "nothing is given yet"
    if exercise.kind == CHOICE:
        page.radio(key=f"lesson-choice.{key}").set_value(exercise.answer[0])
    elif exercise.kind == NUMBER:
        page.number_input(key=f"lesson-number.{key}").set_value(exercise.low)
    elif exercise.kind == RANK:
        page.multiselect(key=f"lesson-rank.{key}").set_value(list(exercise.answer))
    elif exercise.kind == POINT:
        page.session_state[Key.MARKED] = (0.4, 0.2)
    else:
        page.text_area(key=f"lesson-text.{key}").set_value("Because of the frame.")
    well(page.run())
    press(page, f"lesson-answer.{key}")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", EVERY)
def test_every_lesson_is_walked_to_its_end(name: str, language: str) -> None:
    lesson, words = find(name), LANGUAGES[language]
    use(language)  # here too, where AppTest looks up what a list shows
    page = well(open_page(lesson.steps[0].view, lesson=name, lang=language))
    for step in lesson.steps:
        assert page.session_state[Key.STEP] == step.name
        for key, value in step.state.items():
            if key in ("model", "sample"):
                assert page.session_state[key] == value
        if any(one.exercise for one in lesson.steps[lesson.place(step.name) :]):
            text_now = everything(page)
            assert not {name: text for name, text in unshown(lesson, step, language).items() if text in text_now}
        if step.exercise:
            if step is not lesson.steps[-1]:
                assert "lesson-next" not in [one.key for one in page.button], "first the answer"
            answer(page, lesson, step)
            assert not re.search(DOUBLED, shown_text(page))
        for key, pattern in step.do.items():  # what a click on the page would set
            assert words["lesson.did"] not in shown_text(page)
            page.session_state[key] = DONE.get(pattern, pattern)
        if step.do:
            well(page.run())
            assert words["lesson.did"] in shown_text(page)
        if step is not lesson.steps[-1]:
            press(page, "lesson-next")
    if lesson.tour:
        assert page.success
        return
    total = sum(one.exercise is not None for one in lesson.steps)
    done = words["lesson.done"].format(answered=total, total=total, skipped=0)
    assert any(done in one.value for one in page.success)
    if lesson.steps[-1].exercise.kind == CHOICE:
        assert any(words["lesson.assessed.right"] in one.value for one in page.success)
    press(page, "lesson-repeat")
    assert page.session_state[Key.STEP] == lesson.steps[0].name and not page.success


@pytest.mark.parametrize("name", [one for one in EVERY if not find(one).tour])
def test_a_lesson_ends_with_a_prediction_on_a_new_picture_whose_answer_is_not_drawn_before(name: str) -> None:
    lesson = find(name)
    step, words = lesson.steps[-1], lesson.speak("en")
    assert step.exercise.final and "answer = " not in written_question(name, step.name)
    page = well(open_page(lesson=name, step=step.name))
    assert page.session_state[Key.SAMPLE] == step.state["sample"]
    reasons = [words.options[step.name, one].reason.partition("{")[0] for one in step.exercise.options]
    assert not [one for one in reasons if one in shown_text(page)]
    assert not [one for one in page.radio if one.key == Setting.TEST] and not page.success
    if "prediction" in step.hide:
        assert not drawn_by(page, "bars")
    others = [one for one in step.exercise.options if one not in step.exercise.answer]
    if others:
        page.radio(key=f"lesson-choice.{name}/{step.name}").set_value(others[0])
        press(well(page.run()), f"lesson-answer.{name}/{step.name}")
        assert all(one in shown_text(page) for one in reasons) and drawn_by(page, "bars")
        assert any(LANGUAGES["en"]["lesson.assessed.wrong"] in one.value for one in page.success)
    else:
        press(page, f"lesson-skip.{name}/{step.name}")
        assert any(LANGUAGES["en"]["lesson.assessed.skipped"] in one.value for one in page.success)


@pytest.mark.parametrize(
    ("lesson", "step", "key", "wanted"),
    [
        ("testing-an-explanation", "new-weights", TrustKey.SECTION, "random"),
        ("which-mechanism-for-which-task", "the-matrix", ModelsKey.VIEW, "tasks"),
    ],
)
def test_the_truth_is_on_the_part_of_the_page_that_opens(lesson: str, step: str, key: str, wanted: str) -> None:
    place = find(lesson).steps[find(lesson).place(step)]
    page = well(open_page(place.view, lesson=lesson, step=step))
    page = press(page, f"lesson-skip.{lesson}/{step}")
    assert page.session_state[key] == wanted


def written_question(name: str, step: str) -> str:
    """The line of a step's question in the lesson's file."""
    text = (ROOT / "app/lessons" / name / "lesson.toml").read_text(encoding="utf-8")
    return next(one for one in text.partition(f'id = "{step}"\nseconds')[2].splitlines() if one.startswith("ask = "))


def test_what_a_step_hides_is_not_drawn_before_the_answer() -> None:
    page = well(open_page(lesson=LESSON))
    assert not drawn_by(page, "bars") and "99.8" not in shown_text(page) and "19.9" not in shown_text(page)
    assert not [one for one in page.get("bidi_component") if "overlay" in str(one.proto)]
    assert not [one for one in page.selectbox if one.key == Key.METHOD]
    press(page, f"lesson-skip.{LESSON}/look")
    assert drawn_by(page, "bars") and "Skipped" in shown_text(page)
    assert "Bird" in shown_text(page) and "not in the frame" in shown_text(page), "every option has its reason"


def test_a_step_has_an_address_and_the_learner_keeps_the_controls() -> None:
    page = well(open_page(lesson=LESSON, step="uniform"))
    assert page.query_params["lesson"] == LESSON and page.query_params["step"] == "uniform"
    page.session_state[Key.SAMPLE] = "tasks-marked/2"
    well(page.run())
    assert page.session_state[Key.SAMPLE] == "tasks-marked/2"
    press(page, "lesson-again")
    assert page.session_state[Key.SAMPLE] == "tasks-marked/6"
    press(page, "lesson-close")
    assert "lesson" not in page.query_params and not [one for one in page.button if one.key == "lesson-close"]
    assert page.session_state[Key.SAMPLE] == "tasks-marked/6"


def test_the_verdict_on_a_point_stays_when_another_picture_is_shown() -> None:
    page = well(open_page(lesson=LESSON, step="where"))
    page.session_state[Key.MARKED] = (0.4, 0.2)
    press(well(page.run()), f"lesson-answer.{LESSON}/where")
    before = page.session_state[Key.ANSWERS][f"{LESSON}/where"].verdict
    verdict = [one.value for one in page.markdown if "%" in one.value and "**" in one.value]
    page.session_state[Key.SAMPLE] = "tasks-marked/2"
    well(page.run())
    assert page.session_state[Key.ANSWERS][f"{LESSON}/where"].verdict is before is not None
    assert verdict[0] in [one.value for one in page.markdown]


def test_a_page_that_is_hidden_keeps_the_lesson_in_its_address() -> None:
    for name, step, view in (
        ("testing-an-explanation", "new-weights", "trust"),
        ("which-mechanism-for-which-task", "the-matrix", "models"),
    ):
        page = well(open_page(view, lesson=name, step=step))
        assert page.query_params["lesson"] == name and page.query_params["step"] == step
        assert LANGUAGES["en"]["lesson.covered.page"] in shown_text(page)


def test_a_teacher_sees_notes_and_the_list_knows_how_far_one_has_come() -> None:
    page = well(open_page(lesson=LESSON, teacher="1"))
    text = (ROOT / "app/lessons" / LESSON / "en.md").read_text(encoding="utf-8")
    note = text.partition("### note\n")[2].splitlines()[0]
    assert any(note in one.value for one in page.info)
    press(page, f"lesson-skip.{LESSON}/look")
    page.switch_page("views/learn/page.py").run()
    well(page)
    assert "0 of 7 questions answered, 1 skipped" in shown_text(page)
    press(page, f"learn.{LESSON}")
    assert page.session_state[Key.STEP] == "where"


def test_what_a_step_may_set_is_what_explore_takes_from_its_address() -> None:
    assert tuple(one.value for one in Setting) == STATE


def test_a_point_counts_in_the_largest_values_of_the_map() -> None:

    values = np.zeros((4, 4))
    values[1, 2] = 1.0
    values[1, 3] = 0.5
    assert hit(values, (0.6, 0.3), 1 / 16) == (True, 1 / 16)
    assert hit(values, (0.9, 0.3), 1 / 16) == (False, 1 / 16)
    assert hit(values, (0.9, 0.3), 2 / 16) == (True, 2 / 16)
    assert hit(values, (1.0, 1.0), 2 / 16)[0] is False
    picture = open_sample("photo/hopper")
    height, width = picture.pixels.shape[:2]
    left, upper, right, lower = picture.box
    assert on_map(picture, ((left + right) / 2 / width, (upper + lower) / 2 / height)) == pytest.approx((0.5, 0.5))
    assert on_map(picture, (0.0, 0.0)) == (0.0, 0.0)
