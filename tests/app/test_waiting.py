"""Many users and one device: a long job holds nobody who wants a short one, and who waits sees how many come first."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from app import runtime
from app.runtime.jobs import jobs_ahead
from app.runtime.store import Store
from core import Attribution, Classifier, Picture
from core.attribution import method

SALIENCY, PATH = method("saliency"), method("integrated-gradients")
SOON = 20  # seconds


class Left(Exception):
    """What Streamlit raises in a run that nobody waits for."""


@pytest.fixture
def model(tiny: Callable[[str], Classifier]) -> Classifier:
    return tiny("plain")


@pytest.fixture
def at_long_work(model: Classifier, picture: Picture, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], bool]]:
    """A user whose method never ends; whether it still runs."""
    begun, released, real, store = threading.Event(), threading.Event(), runtime.core.attribute, Store(1 << 20)

    def endless(*question: object, progress: Callable[[int, int], None], **parameters: object) -> Attribution:
        done = 0
        while question[2] == PATH.slug:
            done += 1
            progress(done, 1_000_000)
            time.sleep(0.01)
        return real(*question, progress=progress, **parameters)

    def tick(done: int, total: int) -> None:
        if done:
            begun.set()
        if released.is_set():
            raise Left

    def work() -> None:
        with pytest.raises(Left):
            runtime.attribution(model, picture, PATH, 1, {}, owner="one", tick=tick)

    monkeypatch.setattr(runtime.core, "attribute", endless)
    monkeypatch.setattr(runtime.results, "store", lambda: store)
    user = threading.Thread(target=work)
    user.start()
    try:
        assert begun.wait(SOON)
        yield user.is_alive
    finally:
        released.set()
        user.join(SOON)
    model.run(lambda: None)  # the worker is free


def test_a_short_request_is_answered_during_a_long_one(
    at_long_work: Callable[[], bool], model: Classifier, picture: Picture
) -> None:
    found = runtime.attribution(model, picture, SALIENCY, 0, {}, owner="two").values
    probabilities = runtime.reading(model, picture).probabilities
    assert at_long_work() and found.any() and np.isclose(probabilities.sum(), 1, atol=1e-5)


def test_another_long_request_waits_and_shows_how_many_come_first(
    at_long_work: Callable[[], bool], model: Classifier, picture: Picture
) -> None:
    seen: list[int] = []

    def tick(done: int, total: int) -> None:
        seen.append(jobs_ahead())
        raise Left

    with pytest.raises(Left):
        runtime.attribution(model, picture, PATH, 0, {"steps": 500}, owner="two", tick=tick)
    assert seen == [1] and at_long_work() and jobs_ahead() == 0
