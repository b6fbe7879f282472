"""The caches: keys that know every difference, and a job that ends when its user leaves."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from app import runtime
from app.runtime.store import Store
from core import Attribution, Classifier, InvalidInput, Picture, Stopped, open_image
from core.attribution import Method, method
from core.device import worker

SALIENCY, GRAD_CAM, PATH = method("saliency"), method("grad-cam"), method("integrated-gradients")


class Left(Exception):
    """What Streamlit raises in a run that nobody waits for."""


@pytest.fixture(autouse=True)
def store(monkeypatch: pytest.MonkeyPatch) -> Store:
    """An empty store of its own for each test."""
    own = Store(runtime.results.LIMIT)
    monkeypatch.setattr(runtime.results, "store", lambda: own)
    return own


@pytest.fixture
def model(tiny: Callable[[str], Classifier]) -> Classifier:
    return tiny("plain")


def test_the_same_question_gives_the_same_object(model: Classifier, picture: Picture) -> None:
    assert runtime.reading(model, picture) is runtime.reading(model, picture)
    again = open_image(picture.pixels.copy(), name="the same pixels under another name")
    assert runtime.reading(model, again) is runtime.reading(model, picture)
    ask = partial(runtime.attribution, model, picture, PATH, 2)
    first = ask({"steps": 10, "baseline": "black"})
    assert ask({"baseline": "black", "steps": 10}) is first
    key = runtime.attribution_key(model, picture, PATH, 2, {"steps": 10, "baseline": "black"})
    assert runtime.find_attribution(key) is first


def test_one_pixel_makes_another_picture(model: Classifier) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (600, 600, 3), np.uint8)  # over a million numbers
    other = pixels.copy()
    other[431, 77, 1] ^= 0x80
    one, two = open_image(pixels), open_image(other)
    assert not np.array_equal(runtime.reading(model, one).logits, runtime.reading(model, two).logits)
    found = [runtime.attribution(model, each, SALIENCY, 0, {}).values for each in (one, two)]
    assert not np.array_equal(*found)
    assert runtime.picture_thumbnail(one) is not runtime.picture_thumbnail(two)
    assert runtime.picture_jpeg(one) is not runtime.picture_jpeg(two)


def variants(model: Classifier, picture: Picture, other: Classifier) -> dict[str, tuple]:
    """The first question, and one for each object about it that may differ."""
    card = replace(model.card, facts={**model.card.facts, "checksum": "another file"})
    x0, y0, x1, y1 = picture.box
    return {
        "first": (model, picture, GRAD_CAM, 1, {}),
        "model": (other, picture, GRAD_CAM, 1, {}),
        "weights": (replace(model, card=card), picture, GRAD_CAM, 1, {}),
        "picture": (model, replace(picture, sha256="0" * 64), GRAD_CAM, 1, {}),
        "crop": (model, replace(picture, box=(x0, y0, x1 - 1, y1 - 1)), GRAD_CAM, 1, {}),
        "method": (model, picture, SALIENCY, 1, {}),
        "target": (model, picture, GRAD_CAM, 2, {}),
        "parameter": (model, picture, GRAD_CAM, 1, {"stage": "stage2"}),
        "another value": (model, picture, GRAD_CAM, 1, {"stage": "stage1"}),
    }


def test_each_difference_is_another_question(
    tiny: Callable[[str], Classifier], picture: Picture, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def attribute(*question: object, progress: object, **parameters: object) -> Attribution:
        asked.append(question)
        return Attribution(np.full((1, 1), len(asked), np.float32), (1, 1), None)

    monkeypatch.setattr(runtime.core, "attribute", attribute)
    questions = variants(tiny("plain"), picture, tiny("cbam"))
    first = {name: runtime.attribution(*question) for name, question in questions.items()}
    again = {name: runtime.attribution(*question) for name, question in questions.items()}
    assert len(asked) == len(questions) == len({id(found) for found in first.values()})
    assert all(again[name] is found for name, found in first.items())


def test_agreement_knows_which_maps_it_compared(model: Classifier, picture: Picture) -> None:
    a, b, c = np.random.default_rng(2).random((3, 6, 6))
    first = runtime.agreement(model, picture, a, b, "map", None, "saliency", 0, ())
    assert runtime.agreement(model, picture, a, b, "map", None, "saliency", 0, ()) is first
    pinned = runtime.agreement(model, picture, a, c, "map", 0, "saliency", 0, ())
    assert pinned is not first and pinned.overlap != first.overlap


# --- attributions on the worker


def test_progress_reaches_the_one_who_waits(model: Classifier, picture: Picture) -> None:
    told = []
    found = runtime.attribution(model, picture, PATH, 1, {"steps": 500}, tick=lambda *now: told.append(now))
    assert found.gap is not None and found.target == 1
    assert told[0] == (0, 1) and all(0 <= done <= total for done, total in told)
    assert [done for done, _ in told] == sorted(done for done, _ in told)


@contextmanager
def endless(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[type]]:
    """A method that never ends by itself; the list takes what its progress raised."""
    raised: list[type] = []

    def attribute(*_: object, progress: Callable[[int, int], None], **__: object) -> Attribution:
        for done in range(2000):  # twenty seconds at most, so that a failure is one and no hang
            time.sleep(0.01)
            try:
                progress(done, 2000)
            except BaseException as error:
                raised.append(type(error))
                raise
        raise AssertionError("nobody stopped it")

    with monkeypatch.context() as patch:
        patch.setattr(runtime.core, "attribute", attribute)
        yield raised


def free(model: Classifier) -> bool:
    """Whether the worker takes a job within a second or so."""
    return worker(model.device).submit(lambda: True).result(timeout=5)


@pytest.mark.parametrize("ending", [Left, Stopped, KeyboardInterrupt])
def test_a_user_who_leaves_stops_the_job(
    model: Classifier, picture: Picture, monkeypatch: pytest.MonkeyPatch, ending: type[BaseException]
) -> None:
    def tick(done: int, total: int) -> None:
        if done:
            raise ending

    with endless(monkeypatch) as raised:
        with pytest.raises(ending):
            runtime.attribution(model, picture, PATH, 0, {}, tick=tick)
        assert free(model) and raised == [Stopped]
    assert runtime.find_attribution(runtime.attribution_key(model, picture, PATH, 0, {})) is None
    assert runtime.attribution(model, picture, PATH, 0, {"steps": 10}).gap is not None  # nothing stayed behind


def test_a_real_method_is_stopped_between_its_batches(
    model: Classifier, picture: Picture, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, batches = runtime.core.attribute, []

    def slowly(*question: object, progress: Callable[[int, int], None], **parameters: object) -> Attribution:
        def pause(done: int, total: int) -> None:
            batches.append(done)
            time.sleep(0.05)
            progress(done, total)

        return real(*question, progress=pause, **parameters)

    def tick(done: int, total: int) -> None:
        if done:
            raise Left

    monkeypatch.setattr(runtime.core, "attribute", slowly)
    with pytest.raises(Left):
        runtime.attribution(model, picture, PATH, 0, {"steps": 500}, tick=tick)
    assert free(model) and 0 < batches[-1] < 500
    assert runtime.find_attribution(runtime.attribution_key(model, picture, PATH, 0, {"steps": 500})) is None


@contextmanager
def busy(model: Classifier) -> Iterator[None]:
    """The worker occupied with somebody else's job."""
    release, begun = threading.Event(), threading.Event()
    other = worker(model.device).submit(lambda: begun.set() or release.wait(20))
    try:
        assert begun.wait(5)
        yield
    finally:
        release.set()
        assert other.result(timeout=5)


def test_a_job_that_waits_is_never_begun_once_its_user_has_left(
    model: Classifier, picture: Picture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def tick(done: int, total: int) -> None:
        raise Left

    begun = []
    monkeypatch.setattr(runtime.core, "attribute", lambda *_, **__: begun.append(1))
    with busy(model), pytest.raises(Left):
        runtime.attribution(model, picture, PATH, 0, {}, tick=tick)
    assert free(model) and not begun


def test_a_newer_request_of_the_same_user_takes_the_place_of_the_older(model: Classifier, picture: Picture) -> None:
    def ask(chosen: Method, owner: str) -> Attribution:
        return runtime.attribution(model, picture, chosen, 0, {}, owner=owner)

    def waiting() -> int:
        return len(worker(model.device)._waiting)

    with ThreadPoolExecutor(3) as pool:
        with busy(model):
            older, others = pool.submit(ask, SALIENCY, "me"), pool.submit(ask, method("input-x-gradient"), "you")
            deadline = time.monotonic() + 5
            while waiting() < 2 and time.monotonic() < deadline:
                time.sleep(0.005)
            assert waiting() == 2
            newer = pool.submit(ask, GRAD_CAM, "me")
            with pytest.raises(Stopped):
                older.result(timeout=5)
        assert newer.result(timeout=5).method == "grad-cam"
        assert others.result(timeout=5).method == "input-x-gradient"


def test_a_mistake_is_reported_and_not_kept(model: Classifier, picture: Picture) -> None:
    for _ in range(2):
        with pytest.raises(InvalidInput, match="many"):
            runtime.attribution(model, picture, PATH, 0, {"steps": "many"})
    with pytest.raises(InvalidInput, match="nobody"):
        runtime.sample_picture("photo/nobody")
    assert free(model) and runtime.results.store().bytes == 0


def test_samples_are_opened_once() -> None:
    first = runtime.sample_picture("photo/hopper")
    assert runtime.sample_picture("photo/hopper") is first
