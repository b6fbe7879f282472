"""Models in memory: loaded once for all who wait, stopped when nobody does, and held under a limit in bytes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace

import pytest
import torch
from torch import nn

from app import runtime
from app.runtime import loading
from app.runtime.loading import Models
from app.runtime.store import Store, size_of
from core import Classifier, InvalidInput, ModelCard, Stopped
from core.device import worker
from core.types import Progress


class Left(Exception):
    """What Streamlit raises in a run that nobody waits for."""


def weigh(size: int, slug: str = "made/heavy") -> Classifier:
    """A model whose weights have so many bytes."""
    module = nn.Module()
    module.register_buffer("weight", torch.zeros(size, dtype=torch.uint8))
    return Classifier(ModelCard(slug, "", "plain", ("a", "b")), module, torch.device("cpu"))


class Source:
    """Something that loads slowly: it reports its progress every hundredth of a second until it is released."""

    def __init__(self) -> None:
        self.begun, self.release, self.ended = 0, threading.Event(), []

    def load(self, progress: Progress) -> Classifier:
        self.begun += 1
        try:
            for done in range(1000):  # ten seconds at most, so that a failure is one and no hang
                progress(done, 1000)
                if self.release.wait(0.01):
                    return weigh(10)
            raise AssertionError("nobody stopped it")
        except BaseException as error:
            self.ended.append(type(error))
            raise


def until(true: Callable[[], object]) -> bool:
    """Whether it becomes true within five seconds."""
    deadline = time.monotonic() + 5
    while not true() and time.monotonic() < deadline:
        time.sleep(0.005)
    return bool(true())


def leave(done: int, total: int) -> None:
    """The tick of one who leaves when loading has begun."""
    if done:
        raise Left


def test_a_model_weighs_what_its_weights_weigh(tiny: Callable[[str], Classifier]) -> None:
    model = tiny("cbam")
    weights = [*model.module.parameters(), *model.module.buffers()]
    assert size_of(model) == sum(one.numel() * one.element_size() for one in weights) > 10_000
    assert size_of(weigh(123)) == 123


def test_unused_models_are_dropped_and_those_still_shown_are_not_loaded_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "ROUND", 0.01)
    models, loaded = Models(100, unused=0.3), []

    def load(name: str) -> Classifier:
        return models.get(name, lambda progress: (loaded.append(name), weigh(40))[1])

    shown = load("shown")
    load("gone")
    for _ in range(20):
        load("used")
        time.sleep(0.03)
    assert models.store.find("used") and not models.store.find("gone") and not models.store.find("shown")
    assert models.store.bytes == 40 and load("shown") is shown and models.store.bytes == 80
    load("gone")
    assert loaded == ["shown", "gone", "used", "gone"]
    assert until(lambda: models.store.bytes == 0)


def test_memory_has_a_limit_in_bytes_and_the_newest_stays() -> None:
    models = Models(100)
    for name, size in (("a", 60), ("b", 30)):
        models.get(name, lambda progress, size=size: weigh(size))
    assert models.store.find("a") and models.store.find("b") and models.store.bytes == 90
    models.get("c", lambda progress: weigh(50))  # a, the least recently used, makes way
    assert not models.store.find("a") and models.store.find("b") and models.store.find("c")
    large = models.get("d", lambda progress: weigh(500))
    assert models.store.find("d") is large and models.store.bytes == 500
    assert models.get("d", lambda progress: weigh(1)) is large  # and it is not loaded again at each run
    models.get("e", lambda progress: weigh(5))
    assert not models.store.find("d") and models.store.bytes == 5


def test_results_larger_than_the_limit_are_still_not_kept() -> None:
    store = Store(10)
    store.put("large", bytes(11))
    assert store.find("large") is None and store.bytes == 0


def test_many_who_ask_at_once_get_one_model() -> None:
    models, source = Models(1000), Source()
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(models.get, "slow", source.load) for _ in range(4)]
        assert until(lambda: source.begun)
        source.release.set()
        found = [one.result(timeout=5) for one in asked]
    assert source.begun == 1 and len({id(one) for one in found}) == 1 and models.store.find("slow") is found[0]


def test_progress_reaches_each_who_waits() -> None:
    models, source, told = Models(1000), Source(), []

    def tick(done: int, total: int) -> None:
        told.append((done, total))
        if len(told) > 4:
            source.release.set()

    models.get("slow", source.load, tick)
    assert told[0] == (0, 0) and told[-1][1] == 1000 and [one for one, _ in told] == sorted(one for one, _ in told)


def test_loading_stops_when_all_have_left() -> None:
    models, source = Models(1000, grace=0.05), Source()
    with pytest.raises(Left):
        models.get("slow", source.load, leave)
    assert until(lambda: source.ended) and source.ended == [Stopped]
    again = Source()
    again.release.set()
    assert models.get("slow", again.load).card.slug == "made/heavy"  # nothing of the first try is in the way


def test_loading_goes_on_for_one_who_returns_in_time() -> None:
    models, source = Models(1000, grace=5), Source()
    for _ in range(3):
        with pytest.raises(Left):
            models.get("slow", source.load, leave)
    source.release.set()
    assert models.get("slow", source.load) and source.begun == 1 and not source.ended


def test_loading_goes_on_while_another_waits() -> None:
    models, source = Models(1000, grace=0.0), Source()
    with ThreadPoolExecutor(1) as pool:
        stays = pool.submit(models.get, "slow", source.load)
        assert until(lambda: source.begun)
        with pytest.raises(Left):
            models.get("slow", source.load, leave)
        time.sleep(0.1)
        source.release.set()
        assert stays.result(timeout=5) and source.begun == 1


def test_a_mistake_is_reported_and_the_next_one_tries_again() -> None:
    models, tries = Models(1000), []

    def refuse(progress: Progress) -> Classifier:
        tries.append(1)
        raise InvalidInput("There is no such file.")

    for _ in range(2):
        with pytest.raises(InvalidInput, match="no such file"):
            models.get("broken", refuse)
    assert len(tries) == 2


# --- how long a picture takes


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch) -> Store:
    """An empty store of results."""
    own = Store(runtime.results.LIMIT)
    monkeypatch.setattr(runtime.results, "store", lambda: own)
    return own


class Slow(nn.Module):
    """A model that takes so many milliseconds for a picture, and twice as long for the first ones."""

    def __init__(self, milliseconds: float):
        super().__init__()
        self.milliseconds, self.passes = milliseconds, 0

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.passes += 1
        time.sleep((2 if self.passes <= runtime.WARM_UPS else 1) * self.milliseconds / 1000)
        return x.mean((2, 3))


@contextmanager
def others(model: Classifier) -> Iterator[None]:
    """Somebody else's jobs in the worker's queue all the while, thirty milliseconds each."""
    stop = threading.Event()

    def ask() -> None:
        while not stop.is_set():
            worker(model.device).run(lambda: time.sleep(0.03))

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(5)


def test_the_time_of_a_picture_is_the_models_alone_and_measured_once(fresh: Store) -> None:
    model = replace(weigh(1), module=Slow(10.0))
    assert runtime.find_milliseconds(model.card, "cpu") is None
    with others(model):
        found = runtime.milliseconds(model)
    assert 10 <= found < 25  # neither the warming up nor what others did in between
    passes = model.module.passes
    assert runtime.milliseconds(model) == found == runtime.find_milliseconds(model.card, "cpu")
    assert model.module.passes == passes and runtime.find_milliseconds(model.card, "cuda:0") is None


def test_another_file_of_weights_is_measured_again(fresh: Store) -> None:
    model = replace(weigh(1), module=Slow(1.0))
    runtime.milliseconds(model)
    card = replace(model.card, facts={"checksum": "another"})
    assert runtime.find_milliseconds(card, "cpu") is None


def test_a_model_stays_where_it_is() -> None:
    model = weigh(1)
    assert runtime.move(model, "cpu") is model
    with pytest.raises(InvalidInput, match="no device"):
        runtime.move(model, "tpu:9")
