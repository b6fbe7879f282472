"""Play a lesson: which step is open, what it sets, what it hides until it is answered, and the answers so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from fnmatch import fnmatchcase

import streamlit as st

from app import state
from app.runtime.lessons import find_lesson, why_broken
from app.state import Key
from app.widgets import models
from app.words import say, word
from core.lessons import POINT, STATE, Lesson, Step

COVERED = {"attention", "attribution"}
"""The parts that hide the maps if a step hides one of them."""
TESTS, PREDICTION, MAPS = "tests", "prediction", "maps"
"""The sections of Explore that a step can use."""


@dataclass(frozen=True)
class Place:
    """A step of a lesson that is open."""

    lesson: Lesson
    step: Step

    @property
    def number(self) -> int:
        """The number of the step, from 0."""
        return self.lesson.place(self.step.name)

    @property
    def key(self) -> str:
        """The name under which its answer is stored."""
        return f"{self.lesson.name}/{self.step.name}"


@dataclass(frozen=True)
class Answer:
    """What the learner answered: the ``given`` options, number, text or point; () for a skipped question.

    ``verdict`` is the verdict on a point, once it was compared with the map of the step.
    """

    given: tuple[str | float, ...]
    verdict: object = None

    @property
    def skipped(self) -> bool:
        """Whether the question was skipped."""
        return not self.given


class Setting(StrEnum):
    """What a step may set, as session keys: the fields of a link to Explore, Trust's section, and Models' view."""

    MODEL = "model"
    SAMPLE = "sample"
    MAP = "map"
    METHOD = "method"
    TARGET = "target"
    CONTRAST = "contrast"
    FRAMING = "framing"
    TEST = "test"
    CHANGED = "changed"
    WAY = "way"
    SHUFFLE = "shuffle"
    PARTS_OFF = "parts_off"
    ERASE_MAP = "erase_map"
    ERASE_SHARE = "erase_share"
    ERASE_FILL = "erase_fill"
    SEED = "seed"
    ORDER = "order"
    SECTION = "section"
    VIEW = "view"


assert {one.value for one in Setting} == set(STATE)
OF_TESTS = frozenset(
    {"test", "changed", "way", "shuffle", "parts_off", "erase_map", "erase_share", "erase_fill", "seed", "order"}
)
"""The settings of the tests of Explore."""


def open_step() -> Place | None:
    """The step that is open, or None; a lesson that no longer exists is closed, with a message."""
    name = state.get(Key.LESSON)
    if not name:
        return None
    lesson = find_lesson(name)
    if lesson is None:
        why = why_broken(name)
        state.notice(word("lesson.broken", name=name, why=say(why)) if why else word("lesson.gone", name=name))
        close()
        return None
    wanted = state.get(Key.STEP) or ""
    step = lesson.steps[lesson.place(wanted)]
    if wanted not in ("", step.name):
        state.notice(word("address.unknown", name=Key.STEP.value, value=wanted))
        state.put(Key.STEP, step.name)
    return Place(lesson, step)


def answers() -> dict[str, Answer]:
    """Every answer of this session, by lesson and step."""
    return state.get(Key.ANSWERS) or {}


def done(place: Place) -> bool:
    """Whether the learner has answered the step's question or set what it requires."""
    if place.step.exercise is not None:
        return answer_of(place) is not None
    values = {name: state.get(Setting(name)) for name in place.step.do}
    return all(values[name] is not None and fnmatchcase(str(values[name]), one) for name, one in place.step.do.items())


def redraw_when_done() -> None:
    """Rerun the whole page once a control in a fragment has set what the step requires, to update the panel."""
    place = open_step()
    if place is not None and place.step.do and done(place) and state.get(Key.SHOWN_DONE) != place.key:
        state.put(Key.SHOWN_DONE, place.key)
        st.rerun(scope="app")


def answer_of(place: Place) -> Answer | None:
    """The answer to a step's question; None before it is given."""
    return answers().get(place.key)


def hidden() -> frozenset[str]:
    """What the open step hides, with everything computed from it; nothing after the answer."""
    place = open_step()
    if place is None or answer_of(place) is not None:
        return frozenset()
    found = set(place.step.hide)
    if "prediction" in found:
        found |= {"attention", "attribution", "tests", "measure"}
    if found & COVERED:
        found |= {"agreement", "tests"}
    return frozenset(found)


def asks() -> bool:
    """Whether the open lesson still has an unanswered question, in any step: measured facts may answer it."""
    place = open_step()
    return place is not None and any(
        step.exercise is not None and answer_of(Place(place.lesson, step)) is None for step in place.lesson.steps
    )


def waits() -> bool:
    """Whether the open step has a question that is not answered yet."""
    place = open_step()
    return place is not None and place.step.exercise is not None and answer_of(place) is None


def section_shown() -> str:
    """The section of Explore that the open step reveals, or in which the learner has to set something; "" for none."""
    place = open_step()
    if place is None or waits():
        return ""
    if OF_TESTS & ({*place.step.reveal} if place.step.exercise else {*place.step.do}):
        return TESTS
    return PREDICTION if PREDICTION in place.step.hide or "target" in place.step.do else MAPS


def may_state_answers() -> bool:
    """Whether the side bar may state classes and accuracies: not in the tour or before all questions are answered."""
    place = open_step()
    return place is None or not (place.lesson.tour or asks())


def point_wanted() -> bool:
    """Whether the open step needs a point on the picture."""
    place = open_step()
    return bool(place and place.step.exercise and place.step.exercise.kind == POINT and answer_of(place) is None)


def apply(settings: Mapping[str, str]) -> None:
    """Set what a step sets, before the pickers are drawn or in a callback."""
    if "model" in settings:
        models.select_model(settings["model"])
    for name, value in settings.items():
        if name != "model":
            state.put(Setting(name), int(value) if name in ("shuffle", "seed", "erase_share") else value)


def begin(lesson: Lesson, step: str = "") -> None:
    """Open a step of a lesson, by default the first one, and set its view; in a callback."""
    found = lesson.steps[lesson.place(step)]
    state.put(Key.LESSON, lesson.name)
    state.put(Key.STEP, found.name)
    state.reset(Key.MARKED, *(one for one in Setting if one not in (Setting.MODEL, Setting.SAMPLE, Setting.FRAMING)))
    apply(found.state)
    place = Place(lesson, found)
    if answer_of(place) is not None:
        apply(found.reveal)
    state.put(Key.VIEW_WANTED, found.view)


def commit(place: Place, given: tuple[str | float, ...]) -> None:
    """Store an answer, () for a skipped question, and show what the step reveals; in a callback."""
    state.put(Key.ANSWERS, {**answers(), place.key: Answer(given)})
    state.put(Key.SHOWN_VOTES, set(state.get(Key.SHOWN_VOTES) or ()) - {place.key})  # room for what is revealed
    state.reset(Key.MARKED)
    apply(place.step.reveal)


def keep_verdict(place: Place, verdict: object) -> None:
    """Store the verdict on an answer, because the learner may choose another picture afterward."""
    if (answer := answer_of(place)) is not None:
        state.put(Key.ANSWERS, {**answers(), place.key: replace(answer, verdict=verdict)})


def repeat(lesson: Lesson) -> None:
    """Remove the answers to a lesson."""
    state.put(Key.ANSWERS, {key: one for key, one in answers().items() if not key.startswith(f"{lesson.name}/")})


def close() -> None:
    """End the lesson; the view, the class and its teacher stay."""
    state.reset(Key.LESSON, Key.STEP, Key.MARKED)


def restore(query: Mapping[str, str]) -> None:
    """Open the lesson that a link names; without a model in the link, the step sets its initial view.

    A session without an address counts as a first visit.
    """
    state.put(Key.FIRST_VISIT, not query)
    if Key.LESSON in query and Key.MODEL not in query and (place := open_step()) is not None:
        begin(place.lesson, place.step.name)


def result(lesson: Lesson) -> tuple[int, int, int]:
    """The number of answered, of skipped, and of all questions of a lesson."""
    requested = [f"{lesson.name}/{step.name}" for step in lesson.steps if step.exercise]
    found = [answers()[key] for key in requested if key in answers()]
    skipped = sum(one.skipped for one in found)
    return len(found) - skipped, skipped, len(requested)


def assessed(lesson: Lesson) -> str:
    """Whether the learner predicted the model on the new picture of a lesson: "right", "wrong" or "skipped"."""
    for step in lesson.steps:
        if step.exercise is not None and step.exercise.final and (answer := answer_of(Place(lesson, step))):
            judged = getattr(answer.verdict, "right", answer.given == step.exercise.answer)
            return "skipped" if answer.skipped else "right" if judged else "wrong"
    return "skipped"
