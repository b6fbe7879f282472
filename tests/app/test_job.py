"""Long work: offered with its time, done under a bar with the time that is left, and over when it is done or fails."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from app.state import Key
from app.widgets import job
from app.words import word
from tests.app.pages import press, shown_text, well


def page(fails: bool = False) -> None:
    """A page with work of ten steps, and how far it came."""
    import streamlit as st

    from app import state
    from app.widgets import job
    from core import InvalidInput

    def work(tick) -> None:
        for done in range(11):
            tick(done, 10)
            state.put("steps", done)
            if fails and done == 3:
                raise InvalidInput("It broke.")

    try:
        job.job("work", work, name="work", seconds=42.0, label="Do it", icon=":material/timer:")
    except InvalidInput as error:
        st.warning(str(error))
    st.caption(f"steps {state.get('steps')}")


def open_work(**given: bool) -> AppTest:
    return well(AppTest.from_function(page, kwargs=given).run())


def test_work_is_offered_with_its_time_and_done_once() -> None:
    shown = open_work()
    button = shown.button(key="start-work")
    assert button.label == "Do it" and word("compute.about", duration=job.duration(42)) in shown_text(shown)
    shown = press(shown, "start-work")
    assert "steps 10" in shown_text(shown) and Key.RUNNING not in shown.session_state
    assert [one.key for one in shown.button] == ["start-work"], "the page anew, without the bar"


def test_work_that_fails_is_over() -> None:
    shown = press(open_work(fails=True), "start-work")
    assert "It broke." in shown_text(shown) and "steps 3" in shown_text(shown)
    assert Key.RUNNING not in shown.session_state and not shown.button


def test_work_of_another_key_takes_its_place() -> None:
    shown = open_work()
    shown.session_state[Key.RUNNING] = "other work"
    assert well(shown.run()).button(key="start-work") and "steps None" in shown_text(shown)


def test_the_bar_tells_the_time_that_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    told, times = [], iter([0.0, 0.5, 3.0])

    class Bar:
        def progress(self, share: float, text: str) -> None:
            told.append((share, text))

    monkeypatch.setattr(job.st, "progress", lambda *_: Bar())
    monkeypatch.setattr(job.st, "rerun", lambda: None)
    monkeypatch.setattr(job.time, "monotonic", lambda: next(times))

    def work(tick) -> None:
        tick(0, 0)
        for done in (0, 1, 3):
            tick(done, 10)

    job.run(work, name="work", first="Listing", say=lambda done, total: f"{done}/{total}")
    left = word("compute.left", sentence="3/10", left=job.duration(7))
    assert told == [(0.0, "Listing"), (0.0, "0/10"), (0.1, "1/10"), (0.3, left)]


def test_work_that_waits_for_others_shows_how_many(monkeypatch: pytest.MonkeyPatch) -> None:
    import streamlit as st

    shown: list[str] = []
    monkeypatch.setattr(job, "jobs_ahead", lambda: 2)
    monkeypatch.setattr(st.delta_generator.DeltaGenerator, "progress", bar_that_lists(shown))
    press(open_work(), "start-work")
    assert word("compute.queued", count=2) in shown and not [one for one in shown if "10" in one]


def bar_that_lists(shown: list[str]):
    """A progress bar that keeps its texts."""

    def progress(self, value: float, text: str = "", **more: object):
        shown.append(text)
        return self

    return progress
