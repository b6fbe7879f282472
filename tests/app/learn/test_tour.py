"""The tour: one sentence and one click in each step, which the learner has done at its end."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from app.state import Key
from app.words.languages import LANGUAGES, use
from tests.app.learn.played import DONE, EVERY, find
from tests.app.pages import open_page, shown_text, well


@pytest.fixture(autouse=True)
def english_again() -> Iterator[None]:
    """A test may change the language that is spoken here; the next one starts in English."""
    yield
    use(None)


def test_the_last_step_of_the_tour_is_done_with_the_click_that_it_asks_for() -> None:
    page = well(open_page(lesson="first-minute", step="depends"))
    assert LANGUAGES["en"]["lesson.did"] not in shown_text(page)
    [way] = [one for one in page.get("button_group") if one.key == "way"]
    well(way.set_value("off").run())
    assert LANGUAGES["en"]["lesson.did"] in shown_text(page)


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_step_of_the_tour_is_one_sentence_and_one_click(language: str) -> None:
    use(language)  # here too, where AppTest looks up what a list shows
    tour = find("first-minute")
    for step in tour.steps:
        said, after = (tour.speak(language).block(step.name, name) for name in ("say", "after"))
        assert len(re.findall(r"[.。!?！？](?=\s|$)", said.replace("**", ""))) <= 1 and said[-1] in ".。", said
        assert len(step.do) == 1 and step.exercise is None and after
        page = well(open_page(lesson=tour.name, step=step.name, lang=language))
        assert after.partition("{")[0] not in shown_text(page), "what follows is stated once the learner has done it"
        assert not page.success
        [(key, pattern)] = step.do.items()
        page.session_state[key] = DONE.get(pattern, pattern)
        assert after.partition("{")[0] in shown_text(well(page.run()))
        assert bool(page.success) == (step is tour.steps[-1])


def test_a_first_visit_is_offered_the_tour_and_an_address_is_not() -> None:
    page = well(open_page())
    assert page.session_state[Key.FIRST_VISIT]
    page.session_state[Key.LESSON] = "first-minute"
    well(page.run())
    assert "Explain class" in shown_text(page)
    page = well(open_page(model="scenes/cbam"))
    assert not page.session_state[Key.FIRST_VISIT]


def test_the_picture_of_the_tour_is_none_that_a_lesson_asks_about() -> None:
    shown = {step.state["sample"].split("/")[:2] == ["tasks-marked", "0"] for step in find("first-minute").steps}
    asked = {
        "/".join(step.state.get("sample", "").split("/")[:2])
        for name in EVERY
        if name != "first-minute"
        for step in find(name).steps
    }
    assert shown == {True} and "tasks-marked/0" not in asked


@pytest.mark.parametrize(
    ("lesson", "named"), [("first-minute", False), ("attention-that-is-needed", False), ("", True)]
)
def test_the_strip_of_pictures_does_not_state_the_answer_of_a_question(lesson: str, named: bool) -> None:
    given = {"lesson": lesson} if lesson else {"model": "tasks-marked/cbam", "sample": "tasks-marked/6"}
    page = well(open_page(**given))
    [strip] = [one.proto for one in page.get("bidi_component") if one.proto.component_name == "fovea_gallery"]
    assert ("Picture 7" in str(strip)) != named
    assert ("with uniform attention" in shown_text(page)) == named, "what a lesson asks about later"
