"""The one store of results: a limit in bytes, the least recently used dropped first, and many threads."""

from __future__ import annotations

import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from time import sleep

import numpy as np
import torch

from app.runtime.store import Store, size_of
from core import Attribution, Classifier, Picture, read
from core.device import run


def weigh(size: int) -> bytes:
    return bytes(size)


def test_the_bytes_stay_within_the_limit_and_the_least_recently_used_goes_first() -> None:
    store = Store(100)
    for key in "abc":
        store.put(key, weigh(30))
    assert store.find("a") is not None  # used again: b is the oldest now
    store.put("d", weigh(30))
    assert [key for key in "abcd" if store.find(key) is not None] == ["a", "c", "d"]
    store.put("e", weigh(75))
    assert [key for key in "abcde" if store.find(key) is not None] == ["e"]
    assert store.bytes == 75


def test_what_is_larger_than_the_limit_is_returned_only() -> None:
    store, large = Store(100), weigh(101)
    store.put("small", weigh(60))
    assert store.put("large", large) is large
    assert store.find("large") is None and store.find("small") is not None and store.bytes == 60


def test_a_key_that_is_put_again_is_counted_once() -> None:
    store = Store(100)
    for size in (80, 40, 20):
        store.put("same", weigh(size))
    assert store.bytes == 20 and len(store.find("same")) == 20
    store.put("same", weigh(101))
    assert store.bytes == 0 and store.find("same") is None


def test_an_answer_is_made_once() -> None:
    store, made = Store(100), []
    first = store.get("key", lambda: made.append(1) or weigh(5))
    assert store.get("key", lambda: made.append(2) or weigh(5)) is first and made == [1]


def test_a_result_weighs_what_its_arrays_weigh(classifier: Classifier, picture: Picture) -> None:
    values = np.zeros((7, 9), np.float32)
    assert size_of(values) == 7 * 9 * 4
    assert size_of(weigh(12)) == 12
    assert 252 <= size_of(Attribution(values, (7, 9), None, "saliency", 3)) < 252 + 1024
    reading = read(classifier, picture)
    arrays = [reading.probabilities, reading.logits, reading.energy, *(one.weights for one in reading.maps)]
    bytes_ = sum(array.nbytes for array in arrays)
    beside = 4096 + 512 * len(reading.maps)  # names and checksums
    assert bytes_ <= size_of(reading) < bytes_ + beside
    assert 2 * bytes_ <= size_of((reading, [reading])) < 2 * (bytes_ + beside)


def test_a_reading_of_self_attention_weighs_its_pairs(tiny: Callable[[str], Classifier], picture: Picture) -> None:
    reading = read(tiny("self-attention"), picture)
    pairs = sum(one.weights.nbytes for one in reading.maps)
    assert pairs > 4 * 4 * 64 * 64 and size_of(reading) > pairs


def test_many_threads_share_a_store() -> None:
    store, switch = Store(2000), sys.getswitchinterval()

    def work(seed: int) -> None:
        draw = np.random.default_rng(seed)
        for key in draw.integers(0, 40, 400):
            size = 20 + 7 * int(key)
            value = store.get(int(key), partial(weigh, size))
            assert len(value) == size
            assert 0 <= store.bytes <= store.limit + 300 * 8  # at most one put in flight a thread

    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(work, range(8)))
    finally:
        sys.setswitchinterval(switch)
    assert store.bytes == sum(len(value) for value in map(store.find, range(40)) if value is not None) <= store.limit


def together(users: int, work: Callable[[int], object]) -> list[object]:
    """What each of the threads gets, which all begin at the same moment; an exception is a result, too."""
    gate = Barrier(users)

    def user(number: int) -> object:
        gate.wait(20)
        try:
            return work(number)
        except ValueError as error:
            return error

    with ThreadPoolExecutor(users) as pool:
        return list(pool.map(user, range(users)))


def test_thirty_who_request_a_result_at_once_get_the_one_that_the_first_makes() -> None:
    store, made = Store(1000), []

    def make() -> bytes:
        made.append(1)
        sleep(0.2)
        return weigh(5)

    found = together(30, lambda _: store.get("key", make))
    assert len(made) == 1 and all(one is found[0] for one in found)
    large = Store(1)  # what is too large to be kept is shared with those who wait, too
    made.clear()
    found = together(9, lambda _: large.get("large", make))
    assert len(made) < 9 and large.bytes == 0


def test_one_who_fails_leaves_it_to_the_next() -> None:
    store, made = Store(1000), []

    def make() -> bytes:
        made.append(1)
        sleep(0.1)
        if len(made) == 1:
            raise ValueError("the first one fails")
        return weigh(5)

    found = together(9, lambda _: store.get("key", make))
    assert len(made) == 2 and sum(isinstance(one, ValueError) for one in found) == 1
    assert len({id(one) for one in found if isinstance(one, bytes)}) == 1


def test_nobody_waits_for_a_result_that_depends_on_it() -> None:
    """A make that requests its own key, and a worker that needs what a waiting user is making."""
    store = Store(1000)
    assert len(store.get("a", lambda: store.get("a", lambda: weigh(3)))) == 3
    cpu = torch.device("cpu")
    of_worker = lambda: run(lambda: store.get("b", lambda: weigh(4)), cpu)  # noqa: E731
    with ThreadPoolExecutor(1) as pool:
        assert len(pool.submit(store.get, "b", of_worker).result(20)) == 4
